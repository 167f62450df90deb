"""Answer scales for any statement or question of one's own: agreement, frequency, likelihood, satisfaction, importance, quality."""

from services.ingestion.domain.survey.bank.pieces import Entry, likert, t

_VAGIAS = "Vagias, W. M. (2006). Likert-type scale response anchors. Clemson International Institute for Tourism & Research Development."
_STATEMENT = t("[Your statement]", "[Ihre Aussage]", "[Votre affirmation]", "[Su afirmación]")
_TOPIC = "answer scales"

AGREEMENT_5 = (
    t("Strongly disagree", "Stimme überhaupt nicht zu", "Pas du tout d’accord", "Totalmente en desacuerdo"),
    t("Disagree", "Stimme eher nicht zu", "Plutôt pas d’accord", "En desacuerdo"),
    t(
        "Neither agree nor disagree",
        "Teils, teils",
        "Ni d’accord ni pas d’accord",
        "Ni de acuerdo ni en desacuerdo",
    ),
    t("Agree", "Stimme eher zu", "Plutôt d’accord", "De acuerdo"),
    t("Strongly agree", "Stimme voll und ganz zu", "Tout à fait d’accord", "Totalmente de acuerdo"),
)
AGREEMENT_7 = (
    t("Strongly disagree", "Stimme überhaupt nicht zu", "Pas du tout d’accord", "Totalmente en desacuerdo"),
    t("Disagree", "Stimme nicht zu", "Pas d’accord", "En desacuerdo"),
    t("Somewhat disagree", "Stimme eher nicht zu", "Plutôt pas d’accord", "Algo en desacuerdo"),
    t(
        "Neither agree nor disagree",
        "Teils, teils",
        "Ni d’accord ni pas d’accord",
        "Ni de acuerdo ni en desacuerdo",
    ),
    t("Somewhat agree", "Stimme eher zu", "Plutôt d’accord", "Algo de acuerdo"),
    t("Agree", "Stimme zu", "D’accord", "De acuerdo"),
    t("Strongly agree", "Stimme voll und ganz zu", "Tout à fait d’accord", "Totalmente de acuerdo"),
)
_FREQUENCY = (
    t("Never", "Nie", "Jamais", "Nunca"),
    t("Rarely", "Selten", "Rarement", "Rara vez"),
    t("Sometimes", "Manchmal", "Parfois", "A veces"),
    t("Often", "Oft", "Souvent", "A menudo"),
    t("Always", "Immer", "Toujours", "Siempre"),
)
_LIKELIHOOD = (
    t("Very unlikely", "Sehr unwahrscheinlich", "Très improbable", "Muy improbable"),
    t("Unlikely", "Unwahrscheinlich", "Improbable", "Improbable"),
    t("Neither likely nor unlikely", "Weder noch", "Ni probable ni improbable", "Ni probable ni improbable"),
    t("Likely", "Wahrscheinlich", "Probable", "Probable"),
    t("Very likely", "Sehr wahrscheinlich", "Très probable", "Muy probable"),
)
SATISFACTION_5 = (
    t("Very dissatisfied", "Sehr unzufrieden", "Très insatisfait(e)", "Muy insatisfecho/a"),
    t("Dissatisfied", "Unzufrieden", "Insatisfait(e)", "Insatisfecho/a"),
    t(
        "Neither satisfied nor dissatisfied",
        "Weder zufrieden noch unzufrieden",
        "Ni satisfait(e) ni insatisfait(e)",
        "Ni satisfecho/a ni insatisfecho/a",
    ),
    t("Satisfied", "Zufrieden", "Satisfait(e)", "Satisfecho/a"),
    t("Very satisfied", "Sehr zufrieden", "Très satisfait(e)", "Muy satisfecho/a"),
)
_IMPORTANCE = (
    t("Not at all important", "Überhaupt nicht wichtig", "Pas du tout important", "Nada importante"),
    t("Slightly important", "Etwas wichtig", "Un peu important", "Poco importante"),
    t("Moderately important", "Mäßig wichtig", "Assez important", "Algo importante"),
    t("Very important", "Sehr wichtig", "Très important", "Muy importante"),
    t("Extremely important", "Äußerst wichtig", "Extrêmement important", "Sumamente importante"),
)
_QUALITY = (
    t("Poor", "Schlecht", "Mauvaise", "Mala"),
    t("Fair", "Mittelmäßig", "Passable", "Regular"),
    t("Good", "Gut", "Bonne", "Buena"),
    t("Very good", "Sehr gut", "Très bonne", "Muy buena"),
    t("Excellent", "Ausgezeichnet", "Excellente", "Excelente"),
)
_PURCHASE = (
    t(
        "I would definitely not buy it",
        "Würde ich auf keinen Fall kaufen",
        "Je ne l’achèterais certainement pas",
        "Seguro que no lo compraría",
    ),
    t(
        "I would probably not buy it",
        "Würde ich wahrscheinlich nicht kaufen",
        "Je ne l’achèterais probablement pas",
        "Probablemente no lo compraría",
    ),
    t(
        "I might or might not buy it",
        "Würde ich vielleicht kaufen, vielleicht nicht",
        "Peut-être, peut-être pas",
        "Tal vez sí, tal vez no",
    ),
    t(
        "I would probably buy it",
        "Würde ich wahrscheinlich kaufen",
        "Je l’achèterais probablement",
        "Probablemente lo compraría",
    ),
    t(
        "I would definitely buy it",
        "Würde ich auf jeden Fall kaufen",
        "Je l’achèterais certainement",
        "Seguro que lo compraría",
    ),
)

ANCHORS = (
    Entry("agreement_5", "Agreement, 5 points", _TOPIC, _VAGIAS, (likert("agreement_5", _STATEMENT, AGREEMENT_5),)),
    Entry("agreement_7", "Agreement, 7 points", _TOPIC, _VAGIAS, (likert("agreement_7", _STATEMENT, AGREEMENT_7),)),
    Entry("frequency_5", "Frequency, 5 points", _TOPIC, _VAGIAS, (
        likert("frequency_5", t("How often do you [activity]?", "Wie oft [Tätigkeit] Sie?", "À quelle fréquence [activité] ?", "¿Con qué frecuencia [actividad]?"), _FREQUENCY),
    )),
    Entry("likelihood_5", "Likelihood, 5 points", _TOPIC, _VAGIAS, (
        likert("likelihood_5", t("How likely are you to [action]?", "Wie wahrscheinlich ist es, dass Sie [Handlung]?", "Quelle est la probabilité que vous [action] ?", "¿Qué probabilidad hay de que usted [acción]?"), _LIKELIHOOD),
    )),
    Entry("satisfaction_5", "Satisfaction, 5 points", _TOPIC, _VAGIAS, (
        likert("satisfaction_5", t("How satisfied are you with [subject]?", "Wie zufrieden sind Sie mit [Gegenstand]?", "Dans quelle mesure êtes-vous satisfait(e) de [sujet] ?", "¿Hasta qué punto está satisfecho/a con [tema]?"), SATISFACTION_5),
    )),
    Entry("importance_5", "Importance, 5 points", _TOPIC, _VAGIAS, (
        likert("importance_5", t("How important is [subject] to you?", "Wie wichtig ist Ihnen [Gegenstand]?", "Quelle importance accordez-vous à [sujet] ?", "¿Qué importancia tiene para usted [tema]?"), _IMPORTANCE),
    )),
    Entry("quality_5", "Quality, 5 points", _TOPIC, "Rohrmann, B. (2007). Verbal qualifiers for rating scales. University of Melbourne.", (
        likert("quality_5", t("How would you rate the quality of [subject]?", "Wie beurteilen Sie die Qualität von [Gegenstand]?", "Comment évaluez-vous la qualité de [sujet] ?", "¿Cómo valora la calidad de [tema]?"), _QUALITY),
    )),
    Entry("purchase_intent", "Purchase intent, 5 points", _TOPIC,
          "Morrison, D. G. (1979). Purchase intentions and purchase behavior. Journal of Marketing, 43(2), 65–74.", (
        likert("purchase_intent", t("How likely would you be to buy this product?", "Würden Sie dieses Produkt kaufen?", "Achèteriez-vous ce produit ?", "¿Compraría este producto?"), _PURCHASE),
    ), "Top box: share of 5; top two boxes: share of 4 and 5."),
)  # fmt: skip
