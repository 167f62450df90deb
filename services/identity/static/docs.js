// Draws one service's OpenAPI document with the vendored Swagger UI.
const place = document.getElementById("operations");
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, tryItOutEnabled: true, persistAuthorization: true });
