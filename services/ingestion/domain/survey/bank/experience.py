"""Standard scales of customer and user experience. Scales with validated translations stand in the languages of their publications only."""

from services.ingestion.domain.survey.bank.pieces import Entry, Question, Text, steps, t

_TOPIC = "experience"
_DISAGREE, _AGREE = t("Strongly disagree"), t("Strongly agree")

_SUS = (
    "I think that I would like to use this system frequently.",
    "I found the system unnecessarily complex.",
    "I thought the system was easy to use.",
    "I think that I would need the support of a technical person to be able to use this system.",
    "I found the various functions in this system were well integrated.",
    "I thought there was too much inconsistency in this system.",
    "I would imagine that most people would learn to use this system very quickly.",
    "I found the system very cumbersome to use.",
    "I felt very confident using the system.",
    "I needed to learn a lot of things before I could get going with this system.",
)
_UEQ = (
    (t("obstructive", "behindernd"), t("supportive", "unterstützend")),
    (t("complicated", "kompliziert"), t("easy", "einfach")),
    (t("inefficient", "ineffizient"), t("efficient", "effizient")),
    (t("confusing", "verwirrend"), t("clear", "übersichtlich")),
    (t("boring", "langweilig"), t("exciting", "spannend")),
    (t("not interesting", "uninteressant"), t("interesting", "interessant")),
    (t("conventional", "konventionell"), t("inventive", "originell")),
    (t("usual", "herkömmlich"), t("leading edge", "neuartig")),
)
_TLX = (
    ("mental", "Mental demand: how mentally demanding was the task?", "Very low", "Very high"),
    ("physical", "Physical demand: how physically demanding was the task?", "Very low", "Very high"),
    ("temporal", "Temporal demand: how hurried or rushed was the pace of the task?", "Very low", "Very high"),
    (
        "performance",
        "Performance: how successful were you in accomplishing what you were asked to do?",
        "Perfect",
        "Failure",
    ),
    (
        "effort",
        "Effort: how hard did you have to work to accomplish your level of performance?",
        "Very low",
        "Very high",
    ),
    (
        "frustration",
        "Frustration: how insecure, discouraged, irritated, stressed and annoyed were you?",
        "Very low",
        "Very high",
    ),
)


def _computed(code: str, text: Text, expression: str) -> Question:
    return {"code": code, "type": "computed", "text": text, "expression": expression}


def _sus() -> tuple[Question, ...]:
    items = [steps(f"sus_{place}", t(words), 5, _DISAGREE, _AGREE) for place, words in enumerate(_SUS, 1)]
    terms = [f"sus_{place} - 1" if place % 2 else f"5 - sus_{place}" for place in range(1, len(_SUS) + 1)]
    return (*items, _computed("sus_score", t("SUS score"), f"({' + '.join(terms)}) * 2.5"))


def _ueq() -> tuple[Question, ...]:
    text = t("Please rate the product.", "Bitte bewerten Sie das Produkt.")
    items = [steps(f"ueq_{place}", text, 7, low, high) for place, (low, high) in enumerate(_UEQ, 1)]
    codes = [item["code"] for item in items]
    means = [
        _computed(f"ueq_{name}", t(english, german), f"({' + '.join(part)}) / {len(part)} - 4")
        for name, english, german, part in (
            ("pragmatic", "Pragmatic quality", "Pragmatische Qualität", codes[:4]),
            ("hedonic", "Hedonic quality", "Hedonische Qualität", codes[4:]),
            ("overall", "User experience", "Nutzungserlebnis", codes),
        )
    ]
    return (*items, *means)


def _tlx() -> tuple[Question, ...]:
    items: list[Question] = [
        {
            "code": f"tlx_{code}",
            "type": "slider",
            "min": 0,
            "max": 100,
            "step": 5,
            "text": t(text),
            "low": t(low),
            "high": t(high),
        }
        for code, text, low, high in _TLX
    ]
    codes = " + ".join(item["code"] for item in items)
    return (*items, _computed("tlx_workload", t("Raw TLX"), f"({codes}) / {len(items)}"))


EXPERIENCE = (
    Entry("nps", "Net Promoter Score (NPS)", _TOPIC,
          "Reichheld, F. F. (2003). The one number you need to grow. Harvard Business Review, 81(12), 46–54.", ({
        "code": "nps", "type": "nps",
        "text": t("How likely is it that you would recommend [company] to a friend or colleague?",
                  "Wie wahrscheinlich ist es, dass Sie [Unternehmen] einem Freund oder Kollegen empfehlen?",
                  "Quelle est la probabilité que vous recommandiez [entreprise] à un ami ou à un collègue ?",
                  "¿Qué probabilidad hay de que recomiende [empresa] a un amigo o colega?"),
        "low": t("Not at all likely", "Überhaupt nicht wahrscheinlich", "Pas du tout probable", "Nada probable"),
        "high": t("Extremely likely", "Äußerst wahrscheinlich", "Extrêmement probable", "Sumamente probable"),
    },), "Share of 9 and 10 (promoters) minus share of 0 to 6 (detractors), in points."),
    Entry("csat", "Customer satisfaction (CSAT)", _TOPIC,
          "Fornell, C. et al. (1996). The American Customer Satisfaction Index. Journal of Marketing, 60(4), 7–18.", ({
        "code": "csat", "type": "csat",
        "text": t("Overall, how satisfied are you with [company]?", "Wie zufrieden sind Sie insgesamt mit [Unternehmen]?",
                  "Dans l’ensemble, dans quelle mesure êtes-vous satisfait(e) de [entreprise] ?", "En general, ¿hasta qué punto está satisfecho/a con [empresa]?"),
        "low": t("Very dissatisfied", "Sehr unzufrieden", "Très insatisfait(e)", "Muy insatisfecho/a"),
        "high": t("Very satisfied", "Sehr zufrieden", "Très satisfait(e)", "Muy satisfecho/a"),
    },), "Share of 4 and 5, or the mean."),
    Entry("ces", "Customer Effort Score (CES 2.0)", _TOPIC,
          "Dixon, M., Toman, N., & DeLisi, R. (2013). The Effortless Experience. Portfolio/Penguin.", ({
        "code": "ces", "type": "ces",
        "text": t("[Company] made it easy for me to handle my issue.", "[Unternehmen] hat es mir leicht gemacht, mein Anliegen zu klären.",
                  "[Entreprise] m’a permis de régler facilement mon problème.", "[Empresa] me facilitó resolver mi problema."),
        "low": t("Strongly disagree", "Stimme überhaupt nicht zu", "Pas du tout d’accord", "Totalmente en desacuerdo"),
        "high": t("Strongly agree", "Stimme voll und ganz zu", "Tout à fait d’accord", "Totalmente de acuerdo"),
    },), "Mean, or share of 5 to 7."),
    Entry("sus", "System Usability Scale (SUS)", _TOPIC,
          "Brooke, J. (1996). SUS: A “quick and dirty” usability scale. In Usability Evaluation in Industry (pp. 189–194). Taylor & Francis.",
          _sus(), "0 to 100 in `sus_score`: odd items minus 1, 5 minus even items, the sum times 2.5. 68 is about average (Sauro, 2011)."),
    Entry("umux_lite", "UMUX-LITE", _TOPIC,
          "Lewis, J. R., Utesch, B. S., & Maher, D. E. (2013). UMUX-LITE: When there’s no time for the SUS. CHI 2013, 2099–2102.", (
        steps("umux_1", t("This system’s capabilities meet my requirements."), 7, _DISAGREE, _AGREE),
        steps("umux_2", t("This system is easy to use."), 7, _DISAGREE, _AGREE),
        _computed("umux_score", t("UMUX-LITE score"), "(umux_1 - 1 + umux_2 - 1) / 12 * 100"),
    ), "0 to 100 in `umux_score`: both items minus 1, divided by 12."),
    Entry("ueq_s", "User Experience Questionnaire, short (UEQ-S)", _TOPIC,
          "Schrepp, M., Hinderks, A., & Thomaschewski, J. (2017). Design and evaluation of a short version of the User Experience "
          "Questionnaire (UEQ-S). IJIMAI, 4(6), 103–108.", _ueq(), "−3 to 3: means of items 1 to 4 (pragmatic), 5 to 8 (hedonic) and of all, minus 4."),
    Entry("seq", "Single Ease Question (SEQ)", _TOPIC,
          "Sauro, J., & Dumas, J. S. (2009). Comparison of three one-question, post-task usability questionnaires. CHI 2009, 1599–1608.", (
        steps("seq", t("Overall, how difficult or easy was the task to complete?", "Wie schwierig oder einfach war die Aufgabe insgesamt?",
                       "Dans l’ensemble, la tâche a-t-elle été difficile ou facile à réaliser ?", "En general, ¿le resultó difícil o fácil completar la tarea?"),
              7, t("Very difficult", "Sehr schwierig", "Très difficile", "Muy difícil"), t("Very easy", "Sehr einfach", "Très facile", "Muy fácil")),
    ), "Mean of 1 to 7."),
    Entry("nasa_tlx", "NASA Task Load Index, raw (RTLX)", _TOPIC,
          "Hart, S. G., & Staveland, L. E. (1988). Development of NASA-TLX. Advances in Psychology, 52, 139–183; Hart, S. G. (2006). NASA-TLX; 20 years later.",
          _tlx(), "0 to 100 in `tlx_workload`: the mean of the six scales, without weights."),
)  # fmt: skip
