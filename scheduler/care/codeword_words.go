package care

// codewordList are the words that codewords are drawn from: Danish nouns of everyday life that can be
// said on a telephone and offend nobody. The list is our own. Taking a word away hurts no codeword
// that is in use.
//
//nolint:misspell // Danish
const codewordList = `
abrikos adresse aften agern agurk album alf algebra allé alpe ambolt ananas and anker ansigt antilope appelsin arkiv arm aske asters atlas atom
aubergine avis badebro badekar bager bagværk bakke balje balkon ballon balsam bambus banan band bane bark baron barriere basilikum basketbold basun
batteri bedstefar ben benzin bevægelse bibliotek billard bille billede billet bison bjerg bjørn blad blanket blender blomkål blomst bluse blyant
blåbær blæksprutte bog boghvede bolche bold bolig bolle bonde bor bord bordtennis brandbil brev briks brille bro broccoli broche brombær brus bræt
brød brønd bue buffet buket buks bukser burger bus busk butik bygning båd bål båndoptager bæk bælte bænk bær bæver bølge bønne børste cabriolet café
campingvogn cello cement champignon charme chokolade cirkel cirkus citron cykel cykelsti cymbal dadel dag dal dam damp dans delfin dessert diamant
dirigent disk dok domino drage dreng drivhus dromedar drue drøm due duft dug dukke dynamo dyne dyr dør eddike eftermiddag egern ekko ekspres elefant
elektron elev elg elv emalje eng engel engelskhorn ensemble esdragon espalier eventyr fabel fabrik fad fakkel falk familie fane farve fasan fennikel
ferie fersken fest figen fiktion filt finger firben fisk fjeld fjer fjord flag flamingo flaske flis flod fluesvamp fly flygel fløde fløjl fløjte fod
foder fold folder forel fortov forår frakke fregat frimærke frokost frost frugt fryser frø fugl fyr fyrretræ fyrtårn får fædreland færge gade gaffel
galakse gang garage garn gave gedde gejser gepard gevir gips giraf gitter glas gletsjer glimmer globus glød golf gondol gople gran granit grankogle
gren grotte gruppe gråspurv græs græshoppe græskar grød grøft grønkål guitar guld gulerod gulv gummi gynge gyvel gås gæk gær hakke hal hale halm
halstørklæde hammer hamster hare harmonika harpe hase hat hav have hegn hejre hest himmel hindbær hjelm hjerne hjort hjul hjørne hockey honning hop
horn hornfisk hotel hummer hund hus hval hvede hvidløg hvirvel hyacint hybel hyld hylde hyldebær hyrde hytte hånd håndbold håndklæde håndtag hår hæk
hækling hæl høg høne høst høstak høvl idræt ild ildflue indgang ingefær insekt instrument isbjørn isfugl ishus isvaffel jagt jakke jasmin jern
jernbane jersey jolle jord jordbær jordnød jubel juice jul jungle juni juvel jæger kabel kaffe kage kajak kaktus kalender kalkun kalv kam kamel kamera
kamille kamin kanal kande kanel kanin kano kant kapers karamel karneval karpe karry kartoffel kaskade kasket kasse kastanje kat katalog katedral
kattekilling kavaler kegle kejser kerne ketsjer kikkert kiks kilde kilo kirke kirsebær kiste kiwi kjole klap klarinet klaver klit klods klokke klub
klud kløver knap knast knude kobber kogle kok kokosnød komet komfur kompas konge kontor kop koral korn kornblomst kost kostald kran krans kreds kridt
krog kroket krokodille krokus krone krukke krus krydderi kryds krydsord krystal kræmmer kugle kulisse kurv kutter kvarts kvist kvæde kylling kyst kæde
kælder kælk kænguru køkken køl køleskab kørsel labyrint laks lam lampe land lanterne lavendel leguan leopard ler lilje lime limonade lind linje linse
lod loft lomme lommelygte luft lup lyd lygte lyn lyng lynlås lys lysestage låge lås læbe lærke lærred læser løbehjul løg løve løvetand mad madras
magnet majs makrel malerkost mandarin mandel mandolin manege mango mappe maraton marcipan mark markise marmelade marmor marsvin maske mast medalje
medister mel melodi melon metal midsommer mikrofon mikroskop mine mink minut mirabel model monolit mos motor motorvej muffin muld muldvarp mule mund
murer mus museum musik muskat musling mynt mynte myre måge måne måned månestråle mælk mælkevej mærke møbel mølle mønster mørtel nabo nat nattergal
natur navn nektar nellike nerve net nissehue node nord nordlys note november nudler nåletræ næbdyr næse nød nøddeknækker nøgle nøgleblomst oase oboer
odder okse oktav oktober oldtid olie oliven omelet onkel opal opera optiker oregano orgel orkan orkester orkide ost otter oval ovn pagode paintball
palads palet palme panda pande papegøje papir paprika paraply parasol parfume park parkering passer pavillon peber pebermynte pedal pelikan pen
penalhus pensel perle perron persille petunie pige pil pind pindsvin pingvin pinje pistacie pizza plads plakat planet planke plante plaster plov plæne
pløk pol polka pomfrit pony poppel porcelæn port portræt post posthus postkort pote potte pudding pude pulver puma pumpe punkt purløg puslespil
pyramide påfugl påske påskelilje pære rabarber racerbil radio radise raket ramme rand rapsmark rasp rav ravn rebus redekasse regn regnbue regnorm
regnskov reje rejse ren rensdyr reol ribs ridder rille ring ris riv robot rod rokke rose rosenkål rosin rosmarin rude ruder rug rugbrød rulle
rulleskøjte rum rundkørsel ryg rygsæk rype rådhus rådhusur rådyr ræling ræv røn rør safir safran saft saks sal salat salmiak salt saltkar samba sand
sandal sandkasse sandslot sanger sav savsmuld saxofon scene segl sejl sejlbåd sekund selleri sennep september serie servietter sild silke sirup skak
skakbræt skat ski skib skildpadde skilling skilt skind skinke skive skjold skjorte sko skole skov skovl skrue skruenøgle skrædder skuffe sky skygge
skyskraber skål skærm skøjte skørt slik slips slot slæde sløjfe smaragd smed smykke smør sne snebold snemand snor sofa sol solbær solsikke solsort
solstråle solur sommer sommerfugl sonate sopran spade spand sparegris sparkel spejl spids spil spinat spindel sporvogn sprog spurv spyd spætte spøg
stald stang station statue stav stearinlys sten stenbuk stige stikkontakt stjerne stol stork strand strandskal striber strik struds strudsefjer strøm
strømpe stub studie stue stær støvle støvsuger sukker suppe surdej svale svamp svane svedske svømmefod sweater syd syltetøj symaskine symfoni sæbe
sæbeboble sække sæl søhest søjle søm søndag søstjerne tag tagsten taktstok tallerken tand tandbørste tandem tang tapet taske tavle taxa teater
tegnestift tegning tekande telefon teleskop telt tennis teori terning terrasse teske tid tiger tilbud timian tinde tinkande titel tjørn toast tog
tomat tone top torden torsk torv traktor trampolin trappe trekant trillebør tromle tromme trompet tråd træ trækul træsko trøffel trøje tulipan tunnel
tur turist tusindfryd tvilling tyr tyttebær tåge tårn tæppe tønde tørv udflugt uge ugle uld ulv underkop universitet urskive urtehave urtepotte vaffel
valmue valnød vals vand vandfald vandkande vandmand vandmelon vandrestav vanille vante varme vase vaskebjørn vat vej vejr vejrhane vektor ven veranda
vest vibe vidunder viking vin vinbjerg vinde vindmølle vindrue vindue vinge vinter viol violin visir vogn vokal vulkan væg vægt vælling værksted væv
yacht yoghurt zebra zink zone zoo åbning ådal åkande åre årstid æble æblejuice æggebæger ærinde ært æske øgle øjeblik ønske ørering ørken ørn ørred
øse øst østers
`
