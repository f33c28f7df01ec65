package join

import "github.com/sluse/sluse/scheduler/care"

// termsWords are the terms for participants in one language (R23, R28). Danish is the source. Whoever
// changes what the text means counts care.TermsNow up.
type termsWords struct {
	Lang string // BCP 47
	Name string // of the language, in itself
	RTL  bool

	Heading, Lead                           string
	Alone, Record, Agreed, Link, Stored     string // for everybody
	Relative, Interpreter, Authority        string // what each has to know of secrecy
	Accept, AcceptSecrecy, Decline          string // buttons
	Prevails                                string // empty in Danish
	DeclinedHeading, DeclinedLead, ReadMore string
}

// Points are what somebody of a kind has to know, in order.
func (t termsWords) Points(kind care.ParticipantKind) []string {
	own := t.Relative

	switch kind {
	case care.Relative:
	case care.Interpreter:
		own = t.Interpreter
	case care.Authority:
		own = t.Authority
	}

	return []string{own, t.Alone, t.Record, t.Agreed, t.Link, t.Stored}
}

// Yes is the button with which somebody of a kind accepts.
func (t termsWords) Yes(kind care.ParticipantKind) string {
	if kind == care.Authority {
		return t.AcceptSecrecy
	}

	return t.Accept
}

// termsLanguages returns the terms in every language, Danish first.
func termsLanguages() []termsWords {
	return []termsWords{danishTerms(), englishTerms(), arabicTerms(), turkishTerms(), polishTerms(), ukrainianTerms(), somaliTerms(), greenlandicTerms()}
}

// termsIn returns the terms in a language; in Danish for one that there is not.
func termsIn(lang string) termsWords {
	for _, t := range termsLanguages() {
		if t.Lang == lang {
			return t
		}
	}

	return danishTerms()
}

func danishTerms() termsWords {
	return termsWords{
		Lang: "da", Name: "Dansk",
		Heading: "Før du kommer ind", Lead: "Læs dette, og sig ja, hvis du vil være med.",
		Alone:       "Sæt dig et sted, hvor ingen andre kan se eller høre med.",
		Record:      "Du må ikke optage lyd eller billede.",
		Agreed:      "Borgeren har sagt ja til, at du er med, og kan når som helst sige nej igen. Så skal du gå.",
		Link:        "Linket er kun til dig. Del det ikke med andre.",
		Stored:      "Vi gemmer dit svar med tidspunkt, sprog og netadresse.",
		Relative:    "Det, du ser og hører, handler om et andet menneske. Du har ikke tavshedspligt efter loven, men vi beder dig om ikke at fortælle det videre.",
		Interpreter: "Som tolk har du tavshedspligt. Du må ikke fortælle videre, hvad du ser og hører, heller ikke bagefter.",
		Authority:   "Du har tavshedspligt. Brug kun det, du hører, i den sag, som du er inviteret til.",
		Accept:      "Ja, det accepterer jeg", AcceptSecrecy: "Ja, jeg er bekendt med tavshedspligten", Decline: "Nej, jeg vil ikke være med",
		DeclinedHeading: "Du har sagt nej", DeclinedLead: "Du kommer ikke med i mødet, og vi har sagt det til medarbejderen. Du kan lukke siden.",
		ReadMore: "Læs vilkårene igen",
	}
}

func englishTerms() termsWords {
	return termsWords{
		Lang: "en", Name: "English",
		Heading: "Before you come in", Lead: "Read this, and say yes if you want to take part.",
		Alone:       "Sit where nobody else can see or hear.",
		Record:      "You may not record sound or pictures.",
		Agreed:      "The citizen has agreed to your taking part, and can say no again at any time. Then you have to leave.",
		Link:        "The link is for you alone. Do not share it.",
		Stored:      "We keep your answer with the time, the language and your network address.",
		Relative:    "What you see and hear is about another person. The law puts no duty of secrecy on you, but we ask you not to tell others.",
		Interpreter: "As an interpreter you have a duty of secrecy. You may not tell others what you see and hear, not afterwards either.",
		Authority:   "You have a duty of secrecy. Use what you hear only in the case that you are invited to.",
		Accept:      "Yes, I accept", AcceptSecrecy: "Yes, I know my duty of secrecy", Decline: "No, I do not want to take part",
		Prevails:        "This is a translation. The Danish text applies.",
		DeclinedHeading: "You said no", DeclinedLead: "You will not take part in the meeting, and we have told the care worker. You can close this page.",
		ReadMore: "Read the terms again",
	}
}

func arabicTerms() termsWords {
	return termsWords{
		Lang: "ar", Name: "العربية", RTL: true,
		Heading: "قبل أن تدخل", Lead: "اقرأ هذا، وقل نعم إذا كنت تريد المشاركة.",
		Alone:       "اجلس في مكان لا يستطيع فيه أحد غيرك أن يرى أو يسمع.",
		Record:      "لا يجوز لك تسجيل الصوت أو الصورة.",
		Agreed:      "وافق المواطن على مشاركتك، ويمكنه أن يرفض في أي وقت. عندها عليك أن تغادر.",
		Link:        "الرابط لك وحدك. لا تشاركه مع أحد.",
		Stored:      "نحفظ إجابتك مع الوقت واللغة وعنوان الشبكة.",
		Relative:    "ما تراه وتسمعه يخص إنسانًا آخر. لا يفرض عليك القانون واجب السرية، لكننا نرجو منك ألا تخبر به أحدًا.",
		Interpreter: "بصفتك مترجمًا عليك واجب السرية. لا يجوز لك أن تخبر أحدًا بما تراه وتسمعه، ولا حتى فيما بعد.",
		Authority:   "عليك واجب السرية. استخدم ما تسمعه فقط في القضية التي دُعيت إليها.",
		Accept:      "نعم، أوافق", AcceptSecrecy: "نعم، أعرف واجب السرية", Decline: "لا، لا أريد المشاركة",
		Prevails:        "هذه ترجمة. النص الدنماركي هو المعتمد.",
		DeclinedHeading: "لقد قلت لا", DeclinedLead: "لن تشارك في اللقاء، وقد أبلغنا الموظف. يمكنك إغلاق الصفحة.",
		ReadMore: "اقرأ الشروط مرة أخرى",
	}
}

func turkishTerms() termsWords {
	return termsWords{
		Lang: "tr", Name: "Türkçe",
		Heading: "Girmeden önce", Lead: "Bunu okuyun ve katılmak istiyorsanız evet deyin.",
		Alone:       "Başkalarının göremeyeceği ve duyamayacağı bir yerde oturun.",
		Record:      "Ses veya görüntü kaydı yapamazsınız.",
		Agreed:      "Vatandaş katılmanızı kabul etti ve istediği zaman vazgeçebilir. O zaman ayrılmanız gerekir.",
		Link:        "Bağlantı yalnızca sizin içindir. Başkalarıyla paylaşmayın.",
		Stored:      "Yanıtınızı saat, dil ve ağ adresiyle birlikte saklıyoruz.",
		Relative:    "Gördükleriniz ve duyduklarınız başka bir insanla ilgilidir. Yasa size sır saklama yükümlülüğü getirmez, ama bunları başkalarına anlatmamanızı rica ediyoruz.",
		Interpreter: "Tercüman olarak sır saklamakla yükümlüsünüz. Gördüklerinizi ve duyduklarınızı sonradan da kimseye anlatamazsınız.",
		Authority:   "Sır saklamakla yükümlüsünüz. Duyduklarınızı yalnızca davet edildiğiniz konuda kullanın.",
		Accept:      "Evet, kabul ediyorum", AcceptSecrecy: "Evet, sır saklama yükümlülüğümü biliyorum", Decline: "Hayır, katılmak istemiyorum",
		Prevails:        "Bu bir çeviridir. Danca metin geçerlidir.",
		DeclinedHeading: "Hayır dediniz", DeclinedLead: "Görüşmeye katılmayacaksınız; çalışana bildirdik. Sayfayı kapatabilirsiniz.",
		ReadMore: "Koşulları yeniden oku",
	}
}

func polishTerms() termsWords {
	return termsWords{
		Lang: "pl", Name: "Polski",
		Heading: "Zanim wejdziesz", Lead: "Przeczytaj to i powiedz „tak”, jeśli chcesz wziąć udział.",
		Alone:       "Usiądź w miejscu, w którym nikt inny nie może nic zobaczyć ani usłyszeć.",
		Record:      "Nie wolno nagrywać dźwięku ani obrazu.",
		Agreed:      "Osoba, której dotyczy wizyta, zgodziła się na Twój udział i może w każdej chwili zmienić zdanie. Wtedy trzeba wyjść.",
		Link:        "Link jest tylko dla Ciebie. Nie przekazuj go innym.",
		Stored:      "Zapisujemy Twoją odpowiedź wraz z czasem, językiem i adresem sieciowym.",
		Relative:    "To, co widzisz i słyszysz, dotyczy innej osoby. Prawo nie nakłada na Ciebie obowiązku zachowania tajemnicy, ale prosimy, aby nikomu o tym nie mówić.",
		Interpreter: "Jako tłumacz masz obowiązek zachowania tajemnicy. Nie wolno mówić innym o tym, co widzisz i słyszysz, także później.",
		Authority:   "Masz obowiązek zachowania tajemnicy. Wykorzystuj to, co słyszysz, tylko w sprawie, do której Cię zaproszono.",
		Accept:      "Tak, zgadzam się", AcceptSecrecy: "Tak, znam obowiązek zachowania tajemnicy", Decline: "Nie, nie chcę brać udziału",
		Prevails:        "To jest tłumaczenie. Obowiązuje tekst duński.",
		DeclinedHeading: "Twoja odpowiedź: nie", DeclinedLead: "Nie weźmiesz udziału w spotkaniu; pracownik już o tym wie. Możesz zamknąć stronę.",
		ReadMore: "Przeczytaj warunki jeszcze raz",
	}
}

func ukrainianTerms() termsWords {
	return termsWords{
		Lang: "uk", Name: "Українська",
		Heading: "Перш ніж увійти", Lead: "Прочитайте це і скажіть «так», якщо хочете взяти участь.",
		Alone:       "Сядьте там, де ніхто інший не може бачити й чути.",
		Record:      "Не можна записувати звук або зображення.",
		Agreed:      "Громадянин погодився на вашу участь і може будь-коли передумати. Тоді вам треба вийти.",
		Link:        "Посилання лише для вас. Не передавайте його іншим.",
		Stored:      "Ми зберігаємо вашу відповідь разом із часом, мовою та мережевою адресою.",
		Relative:    "Те, що ви бачите й чуєте, стосується іншої людини. Закон не зобов’язує вас зберігати таємницю, але ми просимо нікому про це не розповідати.",
		Interpreter: "Як перекладач ви зобов’язані зберігати таємницю. Не можна розповідати іншим про те, що ви бачите й чуєте, навіть згодом.",
		Authority:   "Ви зобов’язані зберігати таємницю. Використовуйте почуте лише у справі, до якої вас запросили.",
		Accept:      "Так, я погоджуюся", AcceptSecrecy: "Так, я знаю про обов’язок зберігати таємницю", Decline: "Ні, я не хочу брати участь",
		Prevails:        "Це переклад. Чинним є данський текст.",
		DeclinedHeading: "Ви сказали «ні»", DeclinedLead: "Ви не братимете участі в зустрічі; ми повідомили працівника. Сторінку можна закрити.",
		ReadMore: "Прочитати умови ще раз",
	}
}

func somaliTerms() termsWords {
	return termsWords{
		Lang: "so", Name: "Soomaali",
		Heading: "Ka hor intaadan soo gelin", Lead: "Akhri qoraalkan, oo dheh haa haddii aad rabto inaad ka qaybgasho.",
		Alone:       "Fadhiiso meel aan qof kale wax ka arki karin ama ka maqli karin.",
		Record:      "Ma duubi kartid cod ama muuqaal.",
		Agreed:      "Muwaadinku wuu oggolaaday inaad ka qaybgasho, wuxuuna diidi karaa wakhti kasta. Markaas waa inaad ka baxdaa.",
		Link:        "Linkigu adiga oo keliya ayuu kuu yahay. Ha la wadaagin dad kale.",
		Stored:      "Waxaan kaydinaynaa jawaabtaada, wakhtiga, luqadda iyo cinwaanka shabakadda.",
		Relative:    "Waxa aad aragto oo aad maqasho waxay khuseeyaan qof kale. Sharcigu kuguma waajibiyo inaad sirta hayso, laakiin waxaan kaa codsanaynaa inaadan cid kale u sheegin.",
		Interpreter: "Turjumaan ahaan waxaa kugu waajib ah inaad sirta hayso. Ma sheegi kartid waxa aad aragto oo aad maqasho, xitaa ka dib.",
		Authority:   "Waxaa kugu waajib ah inaad sirta hayso. Waxa aad maqasho u isticmaal oo keliya arrinta laguugu casuumay.",
		Accept:      "Haa, waan aqbalay", AcceptSecrecy: "Haa, waan ogahay waajibka sir-haynta", Decline: "Maya, ma rabo inaan ka qaybgalo",
		Prevails:        "Tani waa turjumaad. Qoraalka af-Deenishka ayaa ansax ah.",
		DeclinedHeading: "Waxaad tiri maya", DeclinedLead: "Kama qaybgeli doontid kulanka; shaqaalaha ayaan u sheegnay. Bogga waad xiri kartaa.",
		ReadMore: "Mar kale akhri shuruudaha",
	}
}

func greenlandicTerms() termsWords {
	return termsWords{
		Lang: "kl", Name: "Kalaallisut",
		Heading: "Isertinnak", Lead: "Una atuaruk, peqataarusukkuillu aap oqarit.",
		Alone:       "Allanit takuneqarsinnaanngitsumi tusarneqarsinnaanngitsumilu ingigit.",
		Record:      "Nipiliussaqqusaanngilatit assiliiqqusaanatillu.",
		Agreed:      "Innuttaasup peqataanissat akuersissutigaa, qaqugukkulluunniillu itigartissinnaallugu. Taamaattoqarpat anissaatit.",
		Link:        "Linki taamaallaat ilinnut atuuppoq. Allanut ingerlateqqeqinagu.",
		Stored:      "Akissutit piffissaq, oqaatsit internetimilu adressi ilanngullugit toqqortarpagut.",
		Relative:    "Takusatit tusakkatillu inummut allamut tunngasuupput. Inatsisit naapertorlugit nipangiussisussaatitaanngilatit, kisianni allanut oqaluttuarinnginnissaat kissaatigaarput.",
		Interpreter: "Oqalutsitut nipangiussisussaatitaavutit. Takusatit tusakkatillu allanut oqaluttuarissanngilatit, kingornagulluunniit.",
		Authority:   "Nipangiussisussaatitaavutit. Tusakkatit taamaallaat suliami qaaqqusaaffigisanni atussavatit.",
		Accept:      "Aap, akuersivunga", AcceptSecrecy: "Aap, nipangiussisussaatitaaneq ilisimavara", Decline: "Naamik, peqataarusunngilanga",
		Prevails:        "Tamanna nutserineruvoq. Qallunaatut allassimasoq atuuppoq.",
		DeclinedHeading: "Naamik oqarputit", DeclinedLead: "Ataatsimeeqatigiinnermut peqataassanngilatit, sulisorlu ilisimatipparput. Qupperneq matusinnaavat.",
		ReadMore: "Piumasaqaatit atuaqqikkit",
	}
}
