"""A survey with a question of every type in a left-to-right and a right-to-left language, and the looks that it is shown in.

Page tests run it through a browser, and the pictures in docs are taken of it. Whoever adds a question type adds it here.
"""

from typing import Any

THEMES: dict[str, dict[str, Any]] = {
    "default": {},
    "dark": {
        "colors": {
            "background": "#12151c", "surface": "#1c212b", "text": "#eef1f6", "muted": "#a9b3c4",
            "primary": "#8ab4ff", "on_primary": "#0b1220", "error": "#ff9d94",
        },
    },
    "brand": {
        "colors": {
            "background": "#fff6ec", "surface": "#ffffff", "text": "#2b1a12", "muted": "#6d5648",
            "primary": "#b3361b", "on_primary": "#ffffff", "error": "#a3004f",
        },
        "font": "humanist",
        "radius": 24,
        "buttons": {"next": {"en": "Onwards", "ar": "إلى الأمام"}},
    },
}  # fmt: skip


def say(english: str, arabic: str) -> dict[str, str]:
    """A text in both languages."""
    return {"en": english, "ar": arabic}


def options(**texts: tuple[str, str]) -> list[dict[str, Any]]:
    """Options by code."""
    return [{"code": code, "text": say(*text)} for code, text in texts.items()]


TRAVEL = [
    {
        "code": "mode", "type": "single_choice", "required": True,
        "text": say("How do you usually get to work?", "كيف تصل عادةً إلى العمل؟"),
        "help": say("Think of the longest part of the way.", "فكّر في أطول جزء من الطريق."),
        "options": [
            *options(walk=("On foot", "سيرًا على الأقدام"), bike=("By bicycle", "بالدراجة"), transit=("By bus or train", "بالحافلة أو القطار"), car=("By car", "بالسيارة")),
            {"code": "else", "other": True, "text": say("Another way", "بطريقة أخرى")},
        ],
    },
    {
        "code": "why", "type": "multiple_choice", "max": 3,
        "text": say("What matters to you on the way?", "ما الذي يهمّك في الطريق؟"),
        "options": [
            *options(time=("Little time", "توفير الوقت"), cost=("Low cost", "قلّة التكلفة"), air=("Fresh air", "الهواء النقي"), quiet=("Peace and quiet", "الهدوء")),
            {"code": "none", "exclusive": True, "text": say("Nothing of this", "لا شيء من هذا")},
        ],
    },
    {
        "code": "place", "type": "single_choice", "display": "dropdown",
        "text": say("Where do you live?", "أين تسكن؟"),
        "options": options(city=("In a city", "في مدينة"), town=("In a small town", "في بلدة صغيرة"), country=("In the country", "في الريف")),
    },
    {
        "code": "own", "type": "single_choice", "display": "buttons",
        "text": say("Do you own a bicycle?", "هل لديك دراجة؟"),
        "options": options(yes=("Yes", "نعم"), no=("No", "لا")),
    },
    {"code": "km", "type": "number", "min": 0, "decimals": 1, "missing": [{"code": "refused"}, {"code": "dont_know"}], "text": say("How long is the way?", "كم يبلغ طول الطريق؟"), "unit": say("kilometres", "كيلومتر")},
]  # fmt: skip
SCALES = [
    {"code": "nps", "type": "nps", "required": True, "missing": [{"code": "dont_know"}], "text": say("How likely are you to recommend your way to work to a friend?", "ما مدى احتمال أن توصي صديقًا بطريقتك إلى العمل؟"), "low": say("Not at all likely", "غير محتمل إطلاقًا"), "high": say("Extremely likely", "محتمل جدًا")},
    {"code": "stars", "type": "rating", "text": say("How do you rate the bicycle paths?", "كيف تقيّم مسارات الدراجات؟")},
    {"code": "csat", "type": "csat", "display": "smileys", "text": say("How satisfied are you with buses and trains?", "ما مدى رضاك عن الحافلات والقطارات؟"), "low": say("Very dissatisfied", "غير راضٍ إطلاقًا"), "high": say("Very satisfied", "راضٍ جدًا")},
    {"code": "ces", "type": "ces", "text": say("It is easy to plan my way.", "من السهل أن أخطّط لطريقي."), "low": say("Strongly disagree", "لا أوافق بشدة"), "high": say("Strongly agree", "أوافق بشدة")},
    {
        "code": "safe", "type": "likert", "text": say("I feel safe on the way.", "أشعر بالأمان في الطريق."),
        "options": options(no=("Disagree", "لا أوافق"), mid=("Neither", "محايد"), yes=("Agree", "أوافق")),
    },
    {"code": "proud", "type": "likert", "steps": 5, "text": say("I am glad about how I travel.", "أنا مسرور بطريقة تنقّلي."), "low": say("Disagree", "لا أوافق"), "high": say("Agree", "أوافق")},
    {"code": "slide", "type": "slider", "max": 10, "text": say("How tired are you on arrival?", "ما مدى تعبك عند الوصول؟"), "low": say("Wide awake", "في كامل نشاطي"), "high": say("Exhausted", "منهك")},
    {"code": "share", "type": "slider", "step": 5, "text": say("How many of your ways are by bicycle, in per cent?", "كم نسبة تنقّلاتك بالدراجة؟"), "low": say("None", "لا شيء"), "high": say("All", "كلها")},
]  # fmt: skip
ROWS = options(
    price=("Price", "السعر"), punctual=("Punctuality", "الالتزام بالمواعيد"), clean=("Cleanliness", "النظافة")
)
GRIDS = [
    {
        "code": "grid", "type": "matrix_single", "required": True, "text": say("How good are buses and trains?", "ما مدى جودة الحافلات والقطارات؟"),
        "rows": ROWS, "columns": options(bad=("Poor", "سيئة"), fair=("Fair", "مقبولة"), good=("Good", "جيدة"), best=("Excellent", "ممتازة")),
    },
    {
        "code": "when", "type": "matrix_multiple", "text": say("When do you use what?", "متى تستخدم كل وسيلة؟"),
        "rows": options(bus=("Bus", "الحافلة"), train=("Train", "القطار")), "columns": options(week=("Monday to Friday", "من الاثنين إلى الجمعة"), end=("At the weekend", "في نهاية الأسبوع")),
    },
    {"code": "days", "type": "matrix_number", "min": 0, "max": 7, "text": say("On how many days a week?", "كم يومًا في الأسبوع؟"), "rows": options(bus=("Bus", "الحافلة"), train=("Train", "القطار"))},
    {"code": "wish", "type": "matrix_text", "text": say("What would you wish for?", "ماذا تتمنى؟"), "rows": options(bus=("From buses", "من الحافلات"), train=("From trains", "من القطارات"))},
    {"code": "money", "type": "constant_sum", "text": say("Share out 100 points: what should the city pay for?", "وزّع 100 نقطة: على ماذا يجب أن تنفق المدينة؟"), "options": options(paths=("Bicycle paths", "مسارات الدراجات"), buses=("More buses", "مزيد من الحافلات"), roads=("Better roads", "طرق أفضل"))},
    {
        "code": "most", "type": "maxdiff", "per_set": 3, "sets": 2,
        "text": say("What matters most and least on the way?", "ما الأهم وما الأقل أهمية في الطريق؟"),
        "high": say("Most", "الأهم"), "low": say("Least", "الأقل"),
        "options": options(time=("Little time", "توفير الوقت"), cost=("Low cost", "قلّة التكلفة"), air=("Fresh air", "الهواء النقي"), safe=("Safety", "الأمان"), quiet=("Quiet", "الهدوء"), view=("A fine view", "منظر جميل")),
    },
    {"code": "rank", "type": "ranking", "text": say("What comes first?", "ما الأولويات؟"), "options": options(fast=("Faster", "أسرع"), cheap=("Cheaper", "أرخص"), green=("Greener", "أنظف للبيئة"))},
]  # fmt: skip
CONTACT = [
    {"code": "intro", "type": "statement", "text": say("We draw a bicycle bell among all who leave an address. All of this page is up to you.", "نسحب جرس دراجة بين كل من يترك عنوانه. الإجابة عن هذه الصفحة اختيارية.")},
    {"code": "name", "type": "short_text", "text": say("What shall we call you?", "بماذا نناديك؟"), "placeholder": say("A first name will do", "يكفي الاسم الأول")},
    {"code": "note", "type": "long_text", "text": say("Is there anything else?", "هل هناك شيء آخر؟")},
    {"code": "since", "type": "date", "text": say("Since when do you work there?", "منذ متى تعمل هناك؟")},
    {"code": "leave", "type": "time", "text": say("When do you leave the house?", "متى تغادر المنزل؟")},
    {"code": "mail", "type": "email", "text": say("Your e-mail address", "عنوان بريدك الإلكتروني")},
    {"code": "call", "type": "phone", "text": say("Your telephone number", "رقم هاتفك")},
    {"code": "site", "type": "url", "text": say("Your website", "موقعك على الويب")},
    {"code": "post", "type": "address", "text": say("Where shall we send the bell?", "إلى أين نرسل الجرس؟")},
    {"code": "photo", "type": "file", "accept": ["image", "pdf"], "max_files": 2, "text": say("Have you a picture of your bicycle?", "هل لديك صورة لدراجتك؟"), "help": say("It may be shown in the report.", "قد تظهر في التقرير.")},
    {"code": "sign", "type": "signature", "text": say("Please sign for the bell.", "يرجى التوقيع لاستلام الجرس.")},
    {"code": "source", "type": "hidden", "default": "door"},
    {"code": "points", "type": "computed", "expression": "nps * 10"},
    {"code": "agree", "type": "consent", "required": True, "text": say("May we keep your answers for a year?", "هل يجوز لنا حفظ إجاباتك لمدة عام؟")},
]  # fmt: skip
DEFINITION: dict[str, Any] = {
    "languages": ["en", "ar"],
    "title": say("Your way to work", "طريقك إلى العمل"),
    "welcome": say(
        "Five minutes about how you travel. Thank you for taking part.",
        "خمس دقائق عن طريقة تنقّلك. شكرًا لمشاركتك.",
    ),
    "completion": say(
        "Your answers help to plan the next bicycle path.", "إجاباتك تساعد في تخطيط مسار الدراجات التالي."
    ),
    "pages": [
        {"code": "travel", "title": say("On the way", "في الطريق"), "questions": TRAVEL},
        {"code": "scales", "title": say("How it feels", "كيف تشعر"), "questions": SCALES},
        {"code": "grids", "title": say("Buses and trains", "الحافلات والقطارات"), "questions": GRIDS},
        {"code": "contact", "title": say("About you", "عنك"), "questions": CONTACT},
    ],
}
ANSWERS: dict[str, str | list[str]] = {
    "mode": "bike", "why": ["cost", "air"], "place": "city", "own": "yes", "km": "4.5",
    "nps": "9", "stars": "4", "csat": "3", "ces": "6", "safe": "yes", "proud": "4", "slide": "3", "share": "60",
    "grid.price": "good", "grid.punctual": "fair", "grid.clean": "good", "when.bus": ["week"], "when.train": ["week", "end"],
    "days.bus": "1", "days.train": "2", "wish.bus": "More of them", "wish.train": "Room for a bicycle",
    "money.paths": "60", "money.buses": "30", "money.roads": "10", "rank.fast": "2", "rank.cheap": "3", "rank.green": "1",
    "name": "Ada", "note": "Keep asking.", "since": "2024-02-01", "leave": "07:30", "mail": "ada@example.org",
    "call": "+49 30 123456", "site": "https://example.org", "post.line1": "Am Hof 1", "post.postal_code": "53113",
    "sign.typed": "Ada Lovelace", "post.city": "Bonn", "post.country": "Germany", "agree": "yes",
}  # fmt: skip
"""Field of the page without `a.` → what is entered or chosen there."""
