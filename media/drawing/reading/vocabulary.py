"""The vocabulary of prompts: ordered tables from values to Chinese and English words.

English words match at a word's beginning (so "run" also finds "running"); a trailing "|" asks for the whole word.
"""

# ruff: noqa: E501  (word tables read better in long lines)

Table = tuple[tuple[str, str], ...]

SHOT_TYPES: Table = (
    ("OVER_THE_SHOULDER", "过肩 over-the-shoulder over_the_shoulder over~the~shoulder"),
    ("POINT_OF_VIEW", "主观 第一人称 point-of-view point~of~view point_of_view pov| first-person"),
    ("EXTREME_LONG", "大远景 extreme~long extreme_long extreme~wide establishing aerial"),
    ("EXTREME_CLOSE_UP", "特写 大特写 extreme~close extreme_close insert~shot macro"),
    ("LONG", "远景 long~shot wide~shot long|"),
    ("FULL", "全景 全身 full~shot full~body full-length full|"),
    ("CLOSE_UP", "近景 close-up close~up close_up closeup portrait"),
    ("MEDIUM", "中景 中近景 medium mid~shot mid-shot waist"),
)

# More specific places first: "a bridge over the river in the city" is a bridge.
PLACES: Table = (
    ("SPACE", "太空 宇宙 星空 飞船 outer~space spaceship starship galaxy cosmos orbit asteroid"),
    ("POLICE", "分驻所 派出所 警察局 巡警局 公安局 警署 衙门 police~station precinct police~post police~box"),
    ("STATION", "火车站 车站 站台 月台 车厢 火车 地铁 railway train~station station| train| platform| subway "
        "metro|"),
    ("LIGHTHOUSE", "灯塔 lighthouse"),
    ("BRIDGE", "桥 bridge"),
    ("HARBOUR", "码头 港口 港湾 渡口 harbour harbor port| wharf pier| dock"),
    ("SEA", "海边 大海 海面 海上 海滩 沙滩 海岸 海 sea| ocean beach| shore| coast| seaside"),
    ("RIVER", "河边 河 江边 江面 大江 溪 湖 池塘 水边 river stream| lake| pond| creek brook|"),
    ("PALACE", "宫殿 皇宫 宫 寺 庙 祠 神社 大殿 道观 教堂 palace temple shrine| castle cathedral church throne"),
    ("SCHOOL", "学校 教室 课堂 学堂 书院 私塾 school classroom academy university lecture~hall"),
    ("OFFICE", "办公室 公司 写字楼 会议室 报馆 办公 office| meeting~room workplace counting-house "
        "counting~house bureau|"),
    ("SHOP", "酒店 酒馆 客栈 茶馆 饭馆 店 铺 柜台 集市 市场 餐厅 咖啡 tavern inn| shop store| café cafe "
        "restaurant bar| "
             "pub| market| bakery teahouse tea~house"),
    ("STREET", "街道 街 马路 大道 大路 路口 路上 路边 道路 巷 胡同 城门 门口 street road| roadside alley lane| "
        "avenue pavement sidewalk "
               "crossroad city~gate highway"),
    ("GARDEN", "花园 庭院 院子 院 公园 园子 菜园 garden courtyard backyard park| orchard yard|"),
    ("ROOM", "房间 屋里 屋内 室内 室 卧室 客厅 书房 厨房 病房 家里 家中 床 炕 窗前 灯下 room| bedroom kitchen "
        "parlour parlor "
             "indoors inside~the~house library study| apartment flat| attic cellar home| hospital bed| fireside "
                 "hearth cottage~interior "
             "house~interior lamplight hall| furnished"),
    ("VILLAGE", "村庄 村 乡下 乡 镇 农家 茅屋 village hamlet cottage farm countryside town|"),
    ("FOREST", "森林 树林 林中 林间 竹林 林 forest woods| wood| jungle grove bamboo"),
    ("SNOWLAND", "雪原 雪地 冰原 雪山 snowfield snowland tundra glacier arctic ice~field"),
    ("DESERT", "沙漠 戈壁 荒漠 desert dune sahara"),
    ("MOUNTAIN", "山 峰 岭 悬崖 谷 mountain hill| hills| cliff peak valley summit"),
    ("FIELD", "田野 田 草原 草地 原野 荒野 麦地 瓜地 西瓜地 field| fields| meadow grassland prairie plain| "
        "plains| moor| pasture"),
    ("CITY", "城市 京城 京师 都城 首都 北京 上海 都市 城里 城中 城 楼顶 天台 city capital skyline metropolis downtown urban rooftop "
        "skyscraper london| new~york"),
    ("HOUSE", "房子 屋 家 宅 house mansion villa doorstep porch"),
    ("ROOM", "桌 书案 desk| table| chair"),
    ("SKY", "天空 云端 空中 云 sky clouds"),
)  # fmt: skip

# Whether the scene is inside a building or under the sky. These words do not name the place itself.
INSIDE_OR_OUTSIDE: Table = (
    ("OUTSIDE", "室外 户外 外景 露天 屋外 门外 exterior ext| outdoors outdoor outside"),
    ("INSIDE", "室内 屋内 内景 interior int| indoors indoor inside"),
)

TIMES: Table = (
    (
        "NIGHT",
        "深夜 半夜 午夜 夜里 夜晚 夜色 夜 晚上 月光 星光 灯下 night midnight moonlit moonlight starlight lamplight",
    ),
    ("DAWN", "黎明 拂晓 破晓 日出 天亮 天刚亮 dawn sunrise daybreak"),
    ("MORNING", "清晨 早晨 早上 上午 一早 清早 早 morning"),
    ("EVENING", "黄昏 傍晚 日落 夕阳 晚霞 暮 dusk sunset evening twilight"),
    ("NOON", "中午 正午 白天 日间 午后 下午 日 noon midday daytime day| afternoon"),
)

WEATHERS: Table = (
    ("SNOW", "下雪 大雪 飘雪 雪花 风雪 雪 snow| snowy snowing snowfall snowflake blizzard"),
    ("RAIN", "下雨 大雨 暴雨 细雨 雨 rain| rainy raining rainstorm storm thunder drizzle downpour"),
    ("FOG", "雾 霭 朦胧 fog mist| misty haze smog"),
    ("WIND", "北风 大风 寒风 风 沙尘 wind| windy gale breeze"),
    ("SUN", "晴 阳光 艳阳 日光 sunny sunshine sunlight sunlit"),
)

SEASONS: Table = (
    ("WINTER", "冬 腊月 雪 冰 winter snow| snowy christmas icy frost"),
    ("AUTUMN", "秋 落叶 重阳 autumn fall~leaves harvest"),
    ("SPRING", "春 樱花 桃花 柳 spring| springtime blossom"),
    ("SUMMER", "夏 暑 蝉 summer"),
)

ACTIONS: Table = (
    ("LIE", "跌倒 跌到 摔倒 倒地 倒下 倒了 伏在 伏地 趴 躺 卧 睡 晕 倒 死去 lie| lies| lying lay| fallen falls| "
        "fell| collapse sleep asleep "
            "faint trips| tripped stumbl"),
    ("FIGHT", "打斗 搏斗 战斗 挥剑 拔剑 打 踢 杀 攻击 刺 fight attack punch kick duel battle strike| strikes| "
        "slash"),
    ("PULL", "拉车 拉着车 拉着 推车 推着 拖 pull push| pushes| pushing drag"),
    ("SUPPORT", "搀 扶 搂 拥抱 抱 support helps| helping embrac hug| hugs| hugging hold~up holds~up carries| "
        "carry"),
    ("RUN", "跑 奔 追 逃 冲 飞奔 run| runs| running ran| rush chase flee| flees| escap sprint hurr dash"),
    ("GIVE", "递 交给 给 抓出 掏 伸手 接过 拿出 奉上 送 give| gives| giving gave| hand~over hands| reach offer "
        "pass~the pays| "
             "hold~out holds~out stretch pours| shows|"),
    ("POINT", "指着 指向 指 挥手 招手 point| points| pointing wave| waves| waving beckon"),
    ("CRY", "哭 泣 流泪 落泪 眼泪 cry| cries| crying cried| weep wept| sob| sobs| sobbing tears|"),
    ("LAUGH", "大笑 笑 乐 laugh smil grin| grins| grinning chuckl cheer"),
    ("BOW", "鞠躬 磕头 作揖 跪 低头 bow| bows| bowing kneel"),
    ("SIT", "坐 蹲 sit| sits| sitting sat| seated crouch squat kneeling"),
    ("WALK", "走 步行 散步 行 来到 前进 离开 横截 过来 walk stroll step| steps| stepping march| stroll wander "
        "approach enters| leaves| "
             "comes| cross|"),
    ("THINK", "想 沉思 思索 回忆 记起 惭愧 think thought| ponder remember reflect| wonder muse| brood asham"),
    ("TALK", "说 问 喊 叫 答 骂 谈 讲 say| says| saying said| talk speak asks| asking tell| tells| shout "
        "answer| answers| whisper "
             "cries~out replies| calls| exclaim"),
    ("READ", "读 写 看书 read| reads| reading write| writes| writing"),
    ("LOOK", "看 望 见 盯 瞧 注视 仰视 look gaze stare watch sees| glance"),
    ("STAND", "站 立 停 等 stand stood| wait stops|"),
)  # fmt: skip

# Camera positions: behind somebody, looking up at somebody who towers, hands only.
CAMERAS: Table = (
    ("LOW", "仰视 仰望他 高大 愈走愈大 越走越大 低角度 low~angle towers towering looming looms grew~tall grows~tall"),
    ("BEHIND", "后影 背影 背对 背后看去 from~behind back~view seen~from~the~back back~turned"),
    ("HANDS", "手掌 双手 手心 空手 hands~alone open~hand empty~hand palm| clasped~hands own~hands"),
)

# Words that mean that a thing is held.
HANDLING: Table = (
    (
        "HANDLED",
        "拿 抓 握 举 捧 提着 提起 端 递 交给 掏 抱着 背着 带着 接过 抽出 拔 挥 戴 打着 撑 持 喝 吃 读 写 看书 点亮 手中 手里 摘 采 搬 "
        "hold| holds holding held| take| takes took taking carr bring brought give| gives gave giving grab grip lift| lifts lifted "
        "rais wav| waves pick pull draw| draws drew offer hand~over hands~over in~hand in~her~hand in~his~hand eat| eats ate "
        "drink drank read| reads reading write| writes writing gather fetch cut| cuts swing with~a| with~her with~his put| lights",
    ),
)

MOODS: Table = (
    ("HAPPY", "高兴 快乐 开心 欢 笑 喜 幸福 希望 happy joy| joyful smil laugh cheer glad| delight merry hopeful"),
    (
        "SAD",
        "悲 伤心 哭 泪 难过 惭愧 苦 凄 可怜 摔坏 sad| sadly tears| weep grief lonely sorrow cry| crying asham "
        "mourn miserable",
    ),
    ("ANGRY", "怒 生气 愤 骂 恨 憎 怪他 angry anger furious rage| scowl annoy glare| stern"),
    ("AFRAID", "怕 恐 惊慌 害怕 慌 发抖 afraid fear terrif scared| panic trembl horror"),
    ("SURPRISED", "惊讶 吃惊 诧异 愣 忽然 突然 惊 surpris astonish amaze shock startl sudden"),
    ("CALM", "静 平静 安宁 calm quiet peaceful serene gentle"),
)

ERAS: Table = (
    ("MODERN", "手机 电脑 地铁 霓虹 汽车 出租车 高楼 摩天 现代 机器人 公司 phone computer laptop neon subway "
        "skyscraper modern robot "
               "taxi cyberpunk spaceship car|"),
    ("CHINESE", "人力车 黄包车 车夫 长衫 铜元 铜钱 民国 巡警 古代 剑客 皇 宫 寺 庙 客栈 茶馆 胡同 旗袍 武士 "
        "忍者 rickshaw samurai ninja kimono temple shrine "
        "dynasty imperial~china "
                "beijing peking chinese gown~and"),
    ("EUROPEAN", "london england paris victorian carriage castle knight squire parlour church cottage gentleman "
        "sir| lady| duke"),
)  # fmt: skip

STYLES: Table = (
    ("INK", "水墨 国画 墨 ink| ink-wash sumi brush~painting"),
    ("WATERCOLOUR", "水彩 watercolor watercolour aquarelle gouache"),
    ("NOIR", "黑白 黑色电影 noir black-and-white black~and~white monochrome grayscale manga"),
    ("NEON", "赛博 霓虹 cyberpunk neon synthwave vaporwave"),
    ("PASTEL", "粉彩 马卡龙 淡彩 pastel macaron"),
    ("SEPIA", "复古 怀旧 旧照片 老照片 sepia vintage retro nostalgi"),
    ("DARK", "暗黑 阴暗 哥特 恐怖 dark| gothic horror gloomy grim|"),
    ("VIVID", "鲜艳 热血 浓烈 vivid vibrant shounen shonen comic bold| saturated"),
)

# The people in free words where no subject is given.
PEOPLE: Table = (
    ("old woman", "老女人 老妇 老太 奶奶 婆婆 old~woman grandmother granny"),
    ("old man", "老人 老头 老汉 爷爷 老翁 old~man grandfather"),
    ("rickshaw puller", "车夫 rickshaw~man rickshaw~puller"),
    ("policeman", "巡警 警察 警官 policeman policewoman police~officer constable"),
    ("soldier", "士兵 将军 武士 侠客 剑客 soldier warrior knight samurai swordsman general|"),
    ("girl", "女孩 小女孩 少女 姑娘 girl"),
    ("boy", "男孩 少年 小孩 孩子 童 boy child kid|"),
    ("woman", "女人 女子 妇人 妻 母亲 妈妈 woman women lady mother wife| queen princess she| her|"),
    (
        "man",
        "男人 男子 先生 父亲 爸爸 丈夫 man| men| friend father husband gentleman king| prince narrator| he| "
        "his| i| "
        "me| person people|",
    ),
)
