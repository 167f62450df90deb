{{/* Environment of every process of ours; takes a dict of the root context, the role and the public role. */}}
{{- define "plugzero.environment" -}}
{{- $secret := .root.Values.secretName -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ .role }}_DATABASE_URL } }
{{- if .public }}
- name: PUBLIC_DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ .public }}_DATABASE_URL } }
{{- end }}
{{- range list "NATS_URL" "S3_ENDPOINT_URL" "PLUGZERO_S3_ACCESS_KEY_ID" "PLUGZERO_S3_SECRET_ACCESS_KEY" "PLUGZERO_SECRET_KEY" "PLUGZERO_SMTP_URL" }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ . }} } }
{{- end }}
- { name: PLUGZERO_GATEWAY_URL, value: {{ .root.Values.gatewayUrl | quote }} }
- { name: PLUGZERO_JWKS_URL, value: "http://plugzero-identity:8000/.well-known/jwks.json" }
- name: PLUGZERO_PEERS
  value: '{ {{- range $index, $name := list "identity" "ingestion" "analytics" "seo" }}{{ if $index }}, {{ end }}"{{ $name }}": "http://plugzero-{{ $name }}:8000"{{ end -}} }'
- { name: PLUGZERO_ENVIRONMENT, value: production }
- { name: PLUGZERO_METRICS_PORT, value: "9000" }
- { name: PLUGZERO_METRICS_HOST, value: "0.0.0.0" }
- { name: FORWARDED_ALLOW_IPS, value: "*" }
{{- range $name, $value := .root.Values.settings }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{/* What no container of ours may do. */}}
{{- define "plugzero.hardened" -}}
runAsNonRoot: true
runAsUser: 10001
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
{{- end }}
