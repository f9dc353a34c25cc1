"""The English word tables of the script writer: people, places, times, props and speech verbs."""

# ruff: noqa: E501, SIM905  (word tables read better in long lines and as words)

import re

# (words, gender f/m/None, age old/young/None)
_ROLES: tuple[tuple[str, str | None, str | None], ...] = (
    ("grandmother grandma granny crone dowager", "f", "old"),
    ("grandfather grandpa", "m", "old"),
    (
        "woman lady mother wife widow queen witch sorceress nun nurse landlady maid maidservant governess aunt housekeeper "
        "stepmother countess duchess hostess waitress actress bride schoolmistress mistress hen cow goose goddess",
        "f",
        None,
    ),
    ("girl daughter sister princess maiden niece lass granddaughter schoolgirl", "f", "young"),
    ("boy son brother prince lad nephew youth grandson schoolboy cabin-boy shepherd-boy", "m", "young"),
    ("child baby kid infant pupil student orphan apprentice", None, "young"),
    (
        "man father husband king emperor policeman constable inspector sergeant officer captain colonel major general lieutenant "
        "admiral soldier sailor guard watchman gentleman lord duke count baron knight squire butler footman coachman cabman "
        "driver postman fisherman huntsman hunter woodcutter woodman farmer miller shepherd baker butcher tailor shoemaker "
        "cobbler blacksmith smith carpenter merchant peddler innkeeper landlord priest parson vicar monk friar bishop wizard "
        "magician giant ogre robber thief burglar beggar tramp fellow uncle headmaster schoolmaster professor porter waiter "
        "bartender barber gardener undertaker executioner sheriff cowboy hermit sultan czar caliph cock rooster wolf lion fox "
        "bear ass ox bull dragon devil",
        "m",
        None,
    ),
    (
        "doctor lawyer judge teacher clerk servant neighbour neighbor stranger traveller traveler visitor guest friend cousin "
        "cook artist painter poet writer reporter detective secretary engineer pilot scientist astronaut mechanic robot "
        "musician singer dwarf elf fairy ghost angel monster mouse cat dog hound donkey horse goat sheep lamb pig crow raven "
        "crane stork hare rabbit tortoise frog swallow nightingale sparrow eagle owl snake serpent crab ant grasshopper fish "
        "monkey rat bird navigator commander manager boss shopkeeper librarian",
        None,
        None,
    ),
)
ROLES: dict[str, tuple[str | None, str | None]] = {
    word: (gender, age) for words, gender, age in _ROLES for word in words.split()
}
# Generic words, which are characters only if they speak or act repeatedly.
GENERIC_ROLES = frozenset(
    (
        "man woman boy girl child lady gentleman fellow friend stranger guest visitor neighbour neighbor student "
        "pupil baby kid youth lad lass son daughter brother sister husband wife servant soldier sailor bird dog "
        "cat horse mouse fish sheep lamb goat pig hen cow ox ass ant rat snake count major general lord guard "
        "judge cook smith infant maiden father mother uncle aunt cousin bride monster devil angel mistress "
        "orphan driver crane king queen"
    ).split()
)
ROLE_ADJECTIVES = frozenset(
    "old young little elderly fat thin tall poor blind wicked aged tiny big great fair black white".split()
)
TITLES = (
    "Mr Mrs Ms Miss Dr Sir Lady Lord Madam Madame Captain Colonel Major General Sergeant Inspector Professor "
    "Father Mother Sister Brother Uncle Aunt Aunty Grandmother Grandfather King Queen Prince Princess Saint "
    "Judge Reverend Count Countess Baron Duke Duchess Master Mistress Mother Old Young Little Lieutenant "
    "Commander Doctor Officer Constable Granny Cousin Nurse Sheriff"
).split()
MALE_TITLES = frozenset("Mr Sir Lord Father Brother Uncle Grandfather King Prince Count Baron Duke Master".split())
FEMALE_TITLES = frozenset(
    (
        "Mrs Ms Miss Lady Madam Madame Mother Sister Aunt Aunty Grandmother Queen Princess Countess Duchess "
        "Mistress Granny"
    ).split()
)
MALE_NAMES = frozenset(
    (
        "John James William George Charles Thomas Henry Robert Joseph Edward Samuel David Richard Peter Tom Jack "
        "Jim Bill Bob Harry Fred Frank Arthur Albert Walter Philip Paul Daniel Michael Mike Joe Ben Sam Max Leo "
        "Oliver Oscar Martin Simon Stephen Steven Mark Luke Matthew Andrew Alexander Alex Nicholas Nick Hans "
        "Hansel Dan Ned Ted Will Dick Ralph Roger Hugh Edgar Ernest Victor Vincent Sherlock Watson Ivan Boris "
        "Pip Oliver Ebenezer Jacob Kay Soapy Bob"
    ).split()
)
FEMALE_NAMES = frozenset(
    (
        "Mary Anne Ann Anna Elizabeth Jane Margaret Sarah Alice Emma Emily Ellen Catherine Katherine Kate Lucy "
        "Lizzy Charlotte Helen Martha Ruth Rose Grace Clara Julia Laura Susan Nancy Betty Dorothy Della Jo Amy "
        "Beth Meg Sophie Sophia Eva Eve Mia Zoe Lily Nora Maria Marie Gretel Gerda Molly Polly Sally Jenny Annie "
        "Hannah Rachel Rebecca Olivia Isabel Kitty Lydia Nell"
    ).split()
)
NICKNAMES = {
    "Lizzy": "Elizabeth", "Lizzie": "Elizabeth", "Eliza": "Elizabeth", "Betty": "Elizabeth", "Beth": "Elizabeth", "Bill": "William",
    "Will": "William", "Billy": "William", "Bob": "Robert", "Rob": "Robert", "Robbie": "Robert", "Tom": "Thomas", "Tommy": "Thomas",
    "Jack": "John", "Johnny": "John", "Jim": "James", "Jimmy": "James", "Joe": "Joseph", "Dick": "Richard", "Harry": "Henry",
    "Ned": "Edward", "Ted": "Edward", "Sam": "Samuel", "Ben": "Benjamin", "Dan": "Daniel", "Mike": "Michael", "Nick": "Nicholas",
    "Kate": "Katherine", "Kitty": "Catherine", "Peggy": "Margaret", "Maggie": "Margaret", "Meg": "Margaret", "Polly": "Mary",
    "Nell": "Ellen", "Fred": "Frederick", "Alex": "Alexander", "Sue": "Susan", "Annie": "Anne", "Charlie": "Charles",
}  # fmt: skip

# Capitalised words that are not names.
NOT_NAMES = frozenset(
    (
        "I The A An And But Or So Then When Where Why What Who How If It Its He She They We You His Her Their "
        "Our My Your This That These Those There Here Now Not No Yes Oh Ah Well Once One Two Three Four Five Six "
        "Seven Eight Nine Ten Some All Every Each Many Most Monday Tuesday Wednesday Thursday Friday Saturday "
        "Sunday January February March April May June July August September October November December Spring "
        "Summer Autumn Winter Christmas Easter God Heaven Lord Bible English French German Chinese Japanese "
        "American Russian Italian Spanish Greek Latin Roman Dutch London Paris Rome Berlin England France "
        "Germany China Japan America Europe Africa Asia India Russia Italy Spain Egypt York Earth Mars Moon Sun "
        "Street Avenue Road Square River Lake Sea Ocean Mount Mountain North South East West Chapter Part Book "
        "Good Dear Please Thank Thanks Come Go Look See Let Do Did Does Is Are Was Were Be Been Have Has Had Can "
        "Could Would Should Will Shall May Might Must Never Always Perhaps Maybe Only Just Still Even Suddenly "
        "Meanwhile Finally Later Soon After Before While As At In On To From By With For Of Into Through Under "
        "Over Up Down Out Back Bless Alas Aye Nay Hush Hello Hullo Goodbye Farewell Sir Madam Miss Mr Mrs Ms Dr "
        "Morning Evening Night Day Old Young Little Great New Big Poor First Second Third Last Next Another "
        "Other Others Such Same Both Nothing Something Everything Anything Nobody Somebody Everybody Anybody "
        "Everyone Someone Anyone None Neither Either Nor Yet Though Although Because Since Until Till Unless "
        "Whether Which Whose Whom Whatever Whenever Wherever However Therefore Thus Hence Indeed Instead Also "
        "Too Very Quite Rather Almost Again Ever Away Off Far Near Behind Beside Between Among Against Across "
        "Along Around About Above Below Beyond Within Without Like Than Him Them Us Me Himself Herself "
        "Themselves Myself Yourself Mine Yours Hers Theirs Ours Inside Outside Take Give Get Make Put Keep Tell "
        "Ask Say Said Says Stop Wait Listen Open Close Run Walk Stand Sit Help Leave Stay Try Think Know Believe "
        "Want Need Hold Turn Bring Show Call Find Follow Meet Play Read Write Sing Speak Don Didn Won Isn Wasn "
        "Couldn Wouldn Shouldn Can't Whither Slowly Quickly Quietly Carefully Gently Softly Silently Outside "
        "Tonight Today Tomorrow Yesterday Half Both Few Several Captain Doctor Professor Father Mother Uncle "
        "Aunt Sister Brother King Queen Nurse Officer Sergeant Inspector Colonel General Majesty Highness Honour "
        "Honor Excellency Lordship Ladyship TV OK Thou Thee Thy Ye Tis Twas Scarcely Hardly Whereupon"
    ).split()
)
# Of those, the ones that are names when a speech tag names them as the speaker.
NAMES_TOO = frozenset("Will May April June August January Summer Autumn Winter Spring Earth India Paris Asia".split())

SPEECH_VERBS = frozenset(
    (
        "said says say cried asked answered replied whispered shouted called exclaimed murmured muttered added "
        "continued remarked observed returned demanded inquired enquired begged screamed yelled roared laughed "
        "sighed sobbed growled snapped declared insisted suggested agreed repeated explained announced told "
        "spoke thought began went croaked squeaked barked crowed moaned groaned gasped warned promised admitted "
        "protested interrupted breathed hissed bellowed stammered commanded ordered urged pleaded reported "
        "responded rejoined retorted grunted mumbled chuckled crying saying asking thinking calling shouting "
        "answering snarled whined purred bleated chirped grinned smiled nodded"
    ).split()
)
# "Hello," he smiled: these announce speech only beside a quote.
TAG_WORDS = frozenset(
    (
        "then so and but at last again once more to himself herself itself themselves him her them me us it out "
        "aloud softly quietly loudly gently sharply calmly coldly kindly sadly gaily gravely slowly quickly "
        "eagerly angrily cheerfully suddenly the a an his my their old young little poor good also however for "
        "in turn too very much only just still even of with had would"
    ).split()
)
PRONOUNS: dict[str, str | None] = {"he": "m", "she": "f", "him": "m", "his": "m", "her": "f"}

_PLACES = {
    ("road", False): "road street lane path highway avenue alley pavement sidewalk crossroads corner",
    ("wood", False): "wood woods forest jungle grove orchard",
    ("field", False): "field fields meadow meadows pasture moor heath plain prairie desert farm vineyard",
    ("mountain", False): "mountain mountains hill hills hillside cliff valley",
    (
        "water",
        False,
    ): "river riverside stream brook lake pond pool sea seashore shore beach harbour harbor bridge dock deck boat island",
    ("garden", False): "garden yard courtyard park graveyard churchyard terrace lawn farmyard roof rooftop balcony",
    ("square", False): "square market market-place marketplace battlefield",
    ("village", False): "village",
    ("city", False): "town city",
    ("space", False): "moon planet orbit crater",
    (
        "home",
        True,
    ): "house cottage home hut cabin room bedroom kitchen parlour parlor hall chamber attic study nursery drawing-room sitting-room "
    "dining-room bed-room flat apartment cellar garret den stable barn mill",
    ("office", True): "office court courtroom police-station station prison jail cell bank headquarters",
    ("school", True): "school classroom library museum theatre theater",
    ("hospital", True): "hospital ward clinic",
    ("inn", True): "inn tavern shop store bakery restaurant cafe café bar hotel saloon workshop",
    ("temple", True): "church chapel cathedral temple monastery",
    ("palace", True): "palace castle tower throne-room mansion dungeon tent",
    ("lighthouse", True): "lighthouse",
    ("cave", True): "cave cavern tunnel",
    ("vehicle", True): "carriage train car cab bus compartment",
    ("ship", True): "ship spaceship cockpit bridge-deck airlock cabin control-room",
    ("laboratory", True): "laboratory lab factory warehouse greenhouse",
    ("passage", True): "corridor passage stairs staircase lobby elevator",
}
PLACES: dict[str, tuple[str, bool]] = {word: key for key, words in _PLACES.items() for word in words.split()}
ARRIVAL_BEFORE = re.compile(
    r"\b(?:in|into|inside|entered|at|to|reached|through|across|along|down|up|by|near|beside|on|upon|towards?|onto|under|left)\s+$",
    re.IGNORECASE,
)

_TIMES = {
    "DAWN": "dawn daybreak sunrise",
    "MORNING": "morning breakfast sunbeams",
    "DAY": "noon midday afternoon daylight daytime",
    "EVENING": "evening dusk sunset twilight sundown",
    "NIGHT": "night midnight moonlight starlight moonlit tonight",
}
TIMES: dict[str, str] = {word: name for name, words in _TIMES.items() for word in words.split()}
SEASONS = {"spring": "spring", "summer": "summer", "autumn": "autumn", "winter": "winter", "christmas": "winter"}
WEATHER = {
    "snow": "snow", "snowing": "snow", "snowstorm": "snowstorm", "rain": "rain", "raining": "rain", "rained": "rain", "storm": "storm",
    "thunder": "thunderstorm", "lightning": "thunderstorm", "fog": "fog", "mist": "mist", "wind": "wind", "sunshine": "sunshine",
    "sunbeams": "sunbeams", "sunlight": "sunlight", "frost": "frost",
}  # fmt: skip
TIME_JUMP = re.compile(
    r"^(?:the next (?:day|morning|evening|night|week|year)|next (?:day|morning)|one (?:day|morning|evening|night|winter|summer)|"
    r"(?:the following|that) (?:day|morning|evening|night|afternoon)|(?:a|some|many|two|three|few|several)[a-z ]* (?:days|weeks|months|years|hours) later|"
    r"years (?:later|passed|ago)|later that|soon afterwards|afterwards|long ago|it is also related|now it (?:happened|came)|"
    r"in the (?:morning|evening)|at (?:dawn|dusk|midnight|noon|daybreak|nightfall)|when (?:evening|morning|night|it (?:was|grew) dark)|that same)\b",
    re.IGNORECASE,
)
MEANWHILE = re.compile(r"^(?:meanwhile|in the meantime|elsewhere|at the same time)\b", re.IGNORECASE)

PROPS = tuple(
    sorted(
        set(
            (
                "lamp lantern candle letter envelope cake wine bottle basket flowers nosegay scissors stone stones cap "
                "cloak coat hat gloves boots shoes slippers sword knife dagger gun pistol rifle bow arrow axe spade rope "
                "key lock chest box purse coin coins gold silver ring necklace watch clock mirror book diary map "
                "newspaper photograph picture pen telephone computer screen helmet umbrella stick cane broom bucket pail "
                "trough kettle pot pan cup glass plate bread cheese apple apples sausage sausages pie table chair bed "
                "curtains latch door bell violin piano guitar flute drum wheel cart wagon bicycle boat oar sail anchor "
                "flag crown throne wand potion spinning-wheel needle thread cloth dress apron handkerchief spectacles "
                "pipe cigar tray ticket suitcase bag sack corn-sacks feather net fishing-rod fire fireplace sausages "
                "comb comb chain combs parcel button console radio badge"
            ).split()
        )
    )
)
NOT_PROPS_ALONE = frozenset(
    ["door", "bed", "table", "chair", "fire", "stick", "glass", "latch", "curtains", "lock", "fireplace", "wheel"]
)

LOOK_WORDS = re.compile(
    r"\b(?:hair|haired|beard|bearded|eyes|eyed|face|faced|cap|hat|cloak|coat|dress|dressed|wore|wearing|robe|gown|boots|tall|short|thin|fat|"
    r"stout|slender|pale|old|young|wrinkled|scar|spectacles|ragged|white|grey|gray|black|red|velvet|apron|uniform|pretty|beautiful|ugly|"
    r"terrible|teeth|ears|mouth|skin|shoulders|weak|ill)\b",
    re.IGNORECASE,
)
INNER_WORDS = re.compile(
    r"\b(?:thought|think|knew|know|felt|feel|believed|believe|wondered|remembered|remember|supposed|hoped|wished|seemed|meant|fancied|"
    r"meaning|reason|always|never|would|loved|delighted|surprised)\b",
    re.IGNORECASE,
)
VISIBLE_VERBS = re.compile(
    r"\b(?:walk|ran|run|running|walked|stood|sat|lay|laid|fell|fall|threw|took|take|gave|give|put|held|hold|looked|look|saw|see|watched|turned|"
    r"opened|open|closed|shut|drew|entered|came|come|went|go|climbed|jumped|sprang|knocked|knock|pulled|pushed|lifted|carried|cut|picked|"
    r"picking|gathered|swallowed|devoured|snore|ate|drank|smiled|laughed|wept|cried|nodded|shook|pointed|reached|caught|struck|raised|kissed|"
    r"wrote|read|sang|danced|danced|slipped|slip|stretched|peeped|filled|fetched|met|rode|flew|swam|burned|lit|shone|rose|bowed|knelt|"
    r"dancing|growing|dressed|pressed|crawled|leaned|drove|climbed|dropped|grabbed|hung|blinked|stepped)\b",
    re.IGNORECASE,
)
MOODS: dict[str, re.Pattern[str]] = {
    "tense": re.compile(r"\b(?:wolf|devour\w*|kill\w*|dead|fire|gun|knife|sword|blood|danger\w*|scream\w*|fear\w*|afraid|frighten\w*|chase\w*|alarm|suddenly|swallow\w*|wicked|terrible|flames?|storm|fight|enemy)\b", re.IGNORECASE),
    "sad": re.compile(r"\b(?:wept|tears?|cry|crying|sad\w*|sorrow\w*|grief|died|death|grave|alone|lonely|poor|sobb\w*|lost|ill|weak|sick)\b", re.IGNORECASE),
    "joyful": re.compile(r"\b(?:laugh\w*|joy\w*|happy|happily|merry|delighted|danc\w*|sang|singing|cheer\w*|feast|pretty|flowers?|birds?)\b", re.IGNORECASE),
    "warm": re.compile(r"\b(?:loved?|kiss\w*|embrac\w*|mother|grandmother|home|kind\w*|gentle|gave|dear|thank\w*|smil\w*|warm\w*)\b", re.IGNORECASE),
    "mysterious": re.compile(r"\b(?:strange\w*|dark\w*|mystery|mysterious|shadow\w*|ghost\w*|magic\w*|secret\w*|dream\w*|fog|uneasy|silent|silence)\b", re.IGNORECASE),
    "solemn": re.compile(r"\b(?:king|throne|oath|prayer|church|honou?r|duty|judge|war|vow)\b", re.IGNORECASE),
}  # fmt: skip
EMOTION_WORDS = re.compile(
    r"\b(?:tears?|wept|crying|cried|afraid|frightened|trembl\w*|angry|anger|pale|smiled|laughed|sighed|eyes|face|surprised|strange|delighted|uneasy|stared|blushed|shook)\b",
    re.IGNORECASE,
)
LOOKING = re.compile(
    r"\b(?:saw|looked at|looked out|watched|gazed|stared|peeped|caught sight|beheld|there lay)\b", re.IGNORECASE
)
ASIDE_QUOTE_BEFORE = re.compile(
    r"\b(?:called|named|word|words|so-called|titled|entitled|marked|labelled|labeled|read|the|a|an|of|by)\s*$",
    re.IGNORECASE,
)
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten many several some both all few other".split()
)
