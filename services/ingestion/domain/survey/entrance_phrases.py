"""What the engine says at the entrance of a survey: why somebody does not get in, and what is asked of them."""

ENGLISH = {
    "over_text": "It closed on {when} and no longer accepts answers. Thank you for your interest.",
    "full_text": "It has received all the answers it needs. Thank you for your interest.",
    "not_yet_title": "This survey has not opened yet",
    "not_yet_text": "It opens on {when}. Please come back then.",
    "password_title": "This survey asks for a password",
    "password_label": "Password",
    "password_wrong": "This is not the password. Please check it.",
    "password_wait": "Too many wrong passwords. Please wait {seconds} seconds.",
    "already_title": "You have already answered",
    "personal_title": "This survey needs a personal link",
    "personal_text": "Please open the link in the invitation that you were sent.",
}
GERMAN = {
    "over_text": "Sie endete am {when} und nimmt keine Antworten mehr an. Danke für Ihr Interesse.",
    "full_text": "Sie hat alle Antworten erhalten, die sie braucht. Danke für Ihr Interesse.",
    "not_yet_title": "Diese Umfrage hat noch nicht begonnen",
    "not_yet_text": "Sie beginnt am {when}. Bitte kommen Sie dann wieder.",
    "password_title": "Diese Umfrage verlangt ein Passwort",
    "password_label": "Passwort",
    "password_wrong": "Das ist nicht das Passwort. Bitte prüfen Sie es.",
    "password_wait": "Zu viele falsche Passwörter. Bitte warten Sie {seconds} Sekunden.",
    "already_title": "Sie haben schon geantwortet",
    "personal_title": "Diese Umfrage braucht einen persönlichen Link",
    "personal_text": "Bitte öffnen Sie den Link in der Einladung, die Sie erhalten haben.",
}
FRENCH = {
    "over_text": "Elle s’est terminée le {when} et n’accepte plus de réponses. Merci de votre intérêt.",
    "full_text": "Elle a reçu toutes les réponses nécessaires. Merci de votre intérêt.",
    "not_yet_title": "Cette enquête n’est pas encore ouverte",
    "not_yet_text": "Elle ouvrira le {when}. Revenez à ce moment-là.",
    "password_title": "Cette enquête demande un mot de passe",
    "password_label": "Mot de passe",
    "password_wrong": "Ce n’est pas le mot de passe. Vérifiez-le.",
    "password_wait": "Trop de mots de passe erronés. Veuillez attendre {seconds} secondes.",
    "already_title": "Vous avez déjà répondu",
    "personal_title": "Cette enquête nécessite un lien personnel",
    "personal_text": "Ouvrez le lien de l’invitation que vous avez reçue.",
}
SPANISH = {
    "over_text": "Se cerró el {when} y ya no acepta respuestas. Gracias por su interés.",
    "full_text": "Ha recibido todas las respuestas que necesita. Gracias por su interés.",
    "not_yet_title": "Esta encuesta aún no se ha abierto",
    "not_yet_text": "Se abre el {when}. Vuelva entonces, por favor.",
    "password_title": "Esta encuesta pide una contraseña",
    "password_label": "Contraseña",
    "password_wrong": "Esta no es la contraseña. Compruébela.",
    "password_wait": "Demasiadas contraseñas erróneas. Espere {seconds} segundos.",
    "already_title": "Ya ha respondido",
    "personal_title": "Esta encuesta necesita un enlace personal",
    "personal_text": "Abra el enlace de la invitación que recibió.",
}
