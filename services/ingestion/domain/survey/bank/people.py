"""Questions about people and their households, with the classifications of statistical offices, and a check of attention."""

from services.ingestion.domain.survey.bank.anchors import AGREEMENT_5
from services.ingestion.domain.survey.bank.pieces import DONT_KNOW, REFUSED, Entry, choice, options, t

_TOPIC = "people"

PEOPLE = (
    Entry("age_years", "Age in years", _TOPIC, "United Nations (2017). Principles and Recommendations for Population and Housing Censuses, Revision 3.", ({
        "code": "age_years", "type": "number", "decimals": 0, "min": 0, "max": 120, "missing": [REFUSED],
        "text": t("How old are you?", "Wie alt sind Sie?", "Quel âge avez-vous ?", "¿Qué edad tiene?"),
        "unit": t("years", "Jahre", "ans", "años"),
    },)),
    Entry("age_bands", "Age in bands", _TOPIC, "United Nations (1982). Provisional Guidelines on Standard International Age Classifications. Statistical Papers, Series M, No. 74.", (
        choice("age_bands", t("Which age group are you in?", "Zu welcher Altersgruppe gehören Sie?", "À quelle tranche d’âge appartenez-vous ?", "¿A qué grupo de edad pertenece?"), {
            "under_18": t("Under 18", "Unter 18", "Moins de 18 ans", "Menos de 18"),
            **{band.replace("–", "_"): t(*[band] * 4) for band in ("18–24", "25–34", "35–44", "45–54", "55–64")},
            "65_up": t("65 or older", "65 oder älter", "65 ans ou plus", "65 o más"),
        }),
    )),
    Entry("gender", "Gender", _TOPIC, "Spiel, K., Haimson, O. L., & Lottridge, D. (2019). How to do better with gender on surveys. Interactions, 26(4), 62–65.", ({
        "code": "gender", "type": "single_choice", "missing": [REFUSED],
        "text": t("What is your gender?", "Welches Geschlecht haben Sie?", "Quel est votre genre ?", "¿Cuál es su género?"),
        "options": [
            {"code": "woman", "text": t("Woman", "Frau", "Femme", "Mujer")},
            {"code": "man", "text": t("Man", "Mann", "Homme", "Hombre")},
            {"code": "non_binary", "text": t("Non-binary", "Nicht-binär", "Non binaire", "No binario")},
            {"code": "other", "text": t("In my own words", "In eigenen Worten", "Autre, à préciser", "Prefiero describirlo"), "other": True, "pinned": True},
        ],
    },)),
    Entry("education", "Education (ISCED 2011)", _TOPIC, "UNESCO Institute for Statistics (2012). International Standard Classification of Education: ISCED 2011.", (
        choice("education", t("What is the highest level of education that you have completed?", "Welchen höchsten Bildungsabschluss haben Sie?",
                              "Quel est le plus haut niveau d’études que vous avez achevé ?", "¿Cuál es el nivel de estudios más alto que ha completado?"), {
            "isced_0": t("Less than primary education", "Weniger als Grundschule", "Inférieur au primaire", "Inferior a primaria"),
            "isced_1": t("Primary education", "Grundschule", "Enseignement primaire", "Educación primaria"),
            "isced_2": t("Lower secondary education", "Sekundarbereich I", "Premier cycle du secondaire", "Primera etapa de secundaria"),
            "isced_3": t("Upper secondary education", "Sekundarbereich II", "Second cycle du secondaire", "Segunda etapa de secundaria"),
            "isced_4": t("Post-secondary, not tertiary", "Postsekundar, nicht tertiär", "Post-secondaire non supérieur", "Postsecundaria no terciaria"),
            "isced_5": t("Short-cycle tertiary education", "Kurzes tertiäres Programm", "Supérieur de cycle court", "Terciaria de ciclo corto"),
            "isced_6": t("Bachelor’s or equivalent", "Bachelor oder gleichwertig", "Licence ou équivalent", "Grado o equivalente"),
            "isced_7": t("Master’s or equivalent", "Master oder gleichwertig", "Master ou équivalent", "Máster o equivalente"),
            "isced_8": t("Doctorate or equivalent", "Promotion oder gleichwertig", "Doctorat ou équivalent", "Doctorado o equivalente"),
        }),
    )),
    Entry("employment", "Employment status", _TOPIC, "ILO (2013). Resolution concerning statistics of work, employment and labour underutilization, 19th ICLS.", (
        choice("employment", t("Which of these describes your situation best?", "Was beschreibt Ihre Situation am besten?",
                               "Quelle est la situation qui vous décrit le mieux ?", "¿Cuál de estas opciones describe mejor su situación?"), {
            "full_time": t("Employed full-time", "Vollzeit angestellt", "Salarié(e) à temps plein", "Empleado/a a tiempo completo"),
            "part_time": t("Employed part-time", "Teilzeit angestellt", "Salarié(e) à temps partiel", "Empleado/a a tiempo parcial"),
            "self_employed": t("Self-employed", "Selbstständig", "Indépendant(e)", "Trabajador/a por cuenta propia"),
            "unemployed": t("Out of work and looking for work", "Ohne Arbeit und auf Arbeitssuche", "Sans emploi, en recherche", "Sin trabajo y buscando empleo"),
            "studying": t("In education or training", "In Ausbildung oder Studium", "En études ou en formation", "Estudiando o en formación"),
            "home": t("Looking after home or family", "Haushalt oder Familie", "Au foyer", "Tareas del hogar o cuidado de la familia"),
            "retired": t("Retired", "Im Ruhestand", "Retraité(e)", "Jubilado/a"),
            "unable": t("Unable to work", "Erwerbsunfähig", "En incapacité de travailler", "Incapacitado/a para trabajar"),
        }),
    )),
    Entry("household_size", "Household size", _TOPIC, "Eurostat (2007). Task Force on Core Social Variables: final report.", ({
        "code": "household_size", "type": "number", "decimals": 0, "min": 1, "max": 50, "missing": [REFUSED],
        "text": t("Including yourself, how many people live in your household?", "Wie viele Personen leben in Ihrem Haushalt, Sie eingeschlossen?",
                  "Combien de personnes vivent dans votre foyer, vous compris(e) ?", "¿Cuántas personas viven en su hogar, incluido/a usted?"),
    },)),
    Entry("residence", "Place of residence", _TOPIC, "European Social Survey (2018). ESS Round 9 source questionnaire, variable domicil.", (
        choice("residence", t("Which phrase describes the area where you live best?", "Was beschreibt Ihr Wohngebiet am besten?",
                              "Quelle expression décrit le mieux votre lieu de résidence ?", "¿Qué expresión describe mejor la zona donde vive?"), {
            "big_city": t("A big city", "Großstadt", "Une grande ville", "Una gran ciudad"),
            "suburbs": t("The suburbs or outskirts of a big city", "Vorort oder Rand einer Großstadt", "La banlieue d’une grande ville", "Las afueras de una gran ciudad"),
            "town": t("A town or small city", "Mittlere oder kleine Stadt", "Une ville petite ou moyenne", "Una ciudad pequeña o mediana"),
            "village": t("A country village", "Dorf", "Un village", "Un pueblo"),
            "countryside": t("A farm or home in the countryside", "Einzelnes Haus oder Hof auf dem Land", "Une maison isolée à la campagne", "Una casa en el campo"),
        }),
    )),
    Entry("health", "Self-rated health", _TOPIC, "Eurostat (2018). European Health Interview Survey (EHIS wave 3): methodological manual, HS1.", ({
        "code": "health", "type": "likert", "missing": [REFUSED],
        "text": t("How is your health in general?", "Wie ist Ihr Gesundheitszustand im Allgemeinen?", "Comment est votre état de santé en général ?", "¿Cómo es su salud en general?"),
        "options": options((
            t("Very bad", "Sehr schlecht", "Très mauvais", "Muy mala"), t("Bad", "Schlecht", "Mauvais", "Mala"),
            t("Fair", "Mittelmäßig", "Assez bon", "Regular"), t("Good", "Gut", "Bon", "Buena"), t("Very good", "Sehr gut", "Très bon", "Muy buena"),
        )),
    },)),
    Entry("life_satisfaction", "Life satisfaction", _TOPIC, "OECD (2013). Guidelines on Measuring Subjective Well-being, module A, question A1.", ({
        "code": "life_satisfaction", "type": "slider", "min": 0, "max": 10, "step": 1, "missing": [REFUSED, DONT_KNOW],
        "text": t("Overall, how satisfied are you with life as a whole these days?", "Wie zufrieden sind Sie gegenwärtig insgesamt mit Ihrem Leben?",
                  "Dans l’ensemble, dans quelle mesure êtes-vous satisfait(e) de votre vie actuellement ?", "En general, ¿hasta qué punto está satisfecho/a con su vida en estos momentos?"),
        "low": t("Not at all satisfied", "Überhaupt nicht zufrieden", "Pas du tout satisfait(e)", "Nada satisfecho/a"),
        "high": t("Completely satisfied", "Vollkommen zufrieden", "Tout à fait satisfait(e)", "Totalmente satisfecho/a"),
    },)),
    Entry("attention_check", "Attention check", "data quality",
          "Oppenheimer, D. M., Meyvis, T., & Davidenko, N. (2009). Instructional manipulation checks. Journal of Experimental Social Psychology, 45(4), 867–872.", ({
        "code": "attention_check", "type": "likert", "options": options(AGREEMENT_5), "attention": "attention_check == '2'",
        "text": t("To show that you read this, please choose “Disagree”.", "Wählen Sie bitte „Stimme eher nicht zu“, damit wir sehen, dass Sie dies lesen.",
                  "Pour montrer que vous lisez ceci, choisissez « Plutôt pas d’accord ».", "Para mostrar que lee esto, elija «En desacuerdo»."),
    },), "Interviews with another answer are flagged `attention`; none is left out by itself."),
)  # fmt: skip
