package javatime

import (
	"strings"
	"sync"
	"time"
)

// zoneNames are what z and zzzz print: for standard time and for summer time.
type zoneNames struct {
	standard, summer         string
	longStandard, longSummer string
}

// zoneName returns the name of t's zone. A zone that the table doesn't know has the time zone
// database's abbreviation, or GMT and its offset.
func zoneName(zones map[string]zoneNames, t time.Time, long bool) string {
	id := t.Location().String()
	n, ok := zones[id]
	if !ok {
		return otherName(t, long)
	}
	switch summer := isSummer(t, id); {
	case summer && long:
		return n.longSummer
	case summer:
		return n.summer
	case long:
		return n.longStandard
	}
	return n.standard
}

// otherName allocates; no zone of the time zone database comes here.
func otherName(t time.Time, long bool) string {
	abbr, offset := t.Zone()
	if !long && abbr != "" && isLetter(abbr[0]) {
		return abbr
	}
	return string(appendGMT(nil, offset, true))
}

// isSummer tells whether Java takes t for summer time. Ireland, Morocco and Namibia have a
// winter time in the time zone database, and still a summer time in Java's copy of it.
func isSummer(t time.Time, id string) bool {
	switch id {
	case "Europe/Dublin", "Eire", "Africa/Casablanca", "Africa/El_Aaiun":
		_, offset := t.Zone()
		return offset > 0
	case "Africa/Windhoek":
		_, offset := t.Zone()
		return offset > 3600 && t.Year() >= 1994
	}
	return t.IsDST()
}

// zoneTable is made at the first pattern with a z in it.
var zoneTable = sync.OnceValue(func() map[string]zoneNames {
	zones := make(map[string]zoneNames, 600)
	for line := range strings.Lines(zoneLines) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		for id := range strings.FieldsSeq(part[4]) {
			zones[id] = zoneNames{part[0], part[1], part[2], part[3]}
		}
	}
	return zones
})

// zoneLines has a line for all zones with the same names: short standard, short summer, long
// standard and long summer name, then the zones. It holds what OpenJDK 17 printed for each of
// its zones with Locale.ENGLISH, summer names of zones without summer time included: there was
// one once. Names follow the zone's present use, for every instant, as Java's do.
const zoneLines = `ACT|ACST|Acre Standard Time|Acre Summer Time|America/Eirunepe America/Porto_Acre America/Rio_Branco Brazil/Acre
AFT|AFST|Afghanistan Time|Afghanistan Summer Time|Asia/Kabul
AKST|AKDT|Alaska Standard Time|Alaska Daylight Time|America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka America/Yakutat US/Alaska
AMT|AMST|Amazon Standard Time|Amazon Summer Time|America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus America/Porto_Velho Brazil/West
ANAT|ANAST|Anadyr Standard Time|Anadyr Summer Time|Asia/Anadyr
WSST|WSDT|Apia Standard Time|Apia Daylight Time|Pacific/Apia
AST|ADT|Arabian Standard Time|Arabian Daylight Time|Asia/Aden Asia/Baghdad Asia/Bahrain Asia/Kuwait Asia/Qatar Asia/Riyadh
ART|ARST|Argentina Standard Time|Argentina Summer Time|America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia America/Buenos_Aires America/Catamarca America/Cordoba America/Jujuy America/Mendoza America/Rosario
AMT|AMST|Armenia Standard Time|Armenia Summer Time|Asia/Yerevan
GMT+04:00|GMT+04:00|Astrakhan Standard Time|Astrakhan Standard Time|Europe/Astrakhan
AST|ADT|Atlantic Standard Time|Atlantic Daylight Time|America/Anguilla America/Antigua America/Aruba America/Barbados America/Blanc-Sablon America/Curacao America/Dominica America/Glace_Bay America/Goose_Bay America/Grenada America/Guadeloupe America/Halifax America/Kralendijk America/Lower_Princes America/Marigot America/Martinique America/Moncton America/Montserrat America/Port_of_Spain America/Puerto_Rico America/Santo_Domingo America/St_Barthelemy America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent America/Thule America/Tortola America/Virgin Atlantic/Bermuda Canada/Atlantic
ACST|ACDT|Australian Central Standard Time|Australian Central Daylight Time|Australia/Adelaide Australia/Broken_Hill Australia/Darwin Australia/North Australia/South Australia/Yancowinna
ACWST|ACWDT|Australian Central Western Standard Time|Australian Central Western Daylight Time|Australia/Eucla
AEST|AEDT|Australian Eastern Standard Time|Australian Eastern Daylight Time|Antarctica/Macquarie Australia/ACT Australia/Brisbane Australia/Canberra Australia/Currie Australia/Hobart Australia/Lindeman Australia/Melbourne Australia/NSW Australia/Queensland Australia/Sydney Australia/Tasmania Australia/Victoria
AWST|AWDT|Australian Western Standard Time|Australian Western Daylight Time|Australia/Perth Australia/West
AZT|AZST|Azerbaijan Standard Time|Azerbaijan Summer Time|Asia/Baku
AZOT|AZOST|Azores Standard Time|Azores Summer Time|Atlantic/Azores
BDT|BDST|Bangladesh Standard Time|Bangladesh Summer Time|Asia/Dacca Asia/Dhaka
GMT+07:00|GMT+07:00|Barnaul Standard Time|Barnaul Daylight Time|Asia/Barnaul
BTT|BTST|Bhutan Time|Bhutan Summer Time|Asia/Thimbu Asia/Thimphu
BOT|BOST|Bolivia Time|Bolivia Summer Time|America/La_Paz
BST|BST|Bougainville Standard Time|Bougainville Daylight Time|Pacific/Bougainville
BRT|BRST|Brasilia Standard Time|Brasilia Summer Time|America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio America/Recife America/Santarem America/Sao_Paulo Brazil/East
BNT|BNST|Brunei Darussalam Time|Brunei Summer Time|Asia/Brunei
CVT|CVST|Cape Verde Standard Time|Cape Verde Summer Time|Atlantic/Cape_Verde
AWST|AWDT|Casey Time|Australian Western Daylight Time|Antarctica/Casey
CAT|CAST|Central Africa Time|Central African Summer Time|Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo
CAT|WAT|Central Africa Time|Western African Time|Africa/Windhoek
CET|CEST|Central European Standard Time|Central European Summer Time|Africa/Algiers Africa/Ceuta Africa/Tunis Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam Europe/Andorra Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Budapest Europe/Busingen Europe/Copenhagen Europe/Gibraltar Europe/Ljubljana Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm Europe/Tirane Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich Poland
CET|CEST|Central European Time|Central European Summer Time|CET
WITA|CIST|Central Indonesia Time|Central Indonesia Summer Time|Asia/Makassar Asia/Ujung_Pandang
CST|CDT|Central Standard Time|Central Daylight Time|America/Bahia_Banderas America/Belize America/Chicago America/Chihuahua America/Costa_Rica America/El_Salvador America/Guatemala America/Indiana/Knox America/Indiana/Tell_City America/Knox_IN America/Managua America/Matamoros America/Menominee America/Merida America/Mexico_City America/Monterrey America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem America/Ojinaga America/Rainy_River America/Rankin_Inlet America/Regina America/Resolute America/Swift_Current America/Tegucigalpa America/Winnipeg CST6CDT Canada/Central Canada/Saskatchewan Mexico/General US/Central US/Indiana-Starke
ChST|ChDT|Chamorro Standard Time|Chamorro Daylight Time|Pacific/Guam Pacific/Saipan
CHAST|CHADT|Chatham Standard Time|Chatham Daylight Time|NZ-CHAT Pacific/Chatham
CLT|CLST|Chile Standard Time|Chile Summer Time|America/Santiago Chile/Continental
CLT|CLST|Chile Time|Chile Summer Time|Antarctica/Palmer
CST|CDT|China Standard Time|China Daylight Time|Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai PRC
CXT|CXST|Christmas Island Time|Christmas Island Summer Time|Indian/Christmas
CHUT|CHUST|Chuuk Time|Chuuk Summer Time|Pacific/Chuuk Pacific/Truk Pacific/Yap
CCT|CCST|Cocos Islands Time|Cocos Islands Summer Time|Indian/Cocos
COT|COST|Colombia Standard Time|Colombia Summer Time|America/Bogota
CKT|CKHST|Cook Islands Standard Time|Cook Islands Half Summer Time|Pacific/Rarotonga
UTC|UTC|Coordinated Universal Time|Coordinated Universal Time|Etc/UCT Etc/UTC Etc/Universal Etc/Zulu UCT UTC Universal Zulu
CST|CDT|Cuba Standard Time|Cuba Daylight Time|America/Havana Cuba
DAVT|DAVST|Davis Time|Davis Summer Time|Antarctica/Davis
DDUT|DDUST|Dumont-d’Urville Time|Dumont-d'Urville Summer Time|Antarctica/DumontDUrville
EAT|EAST|East Africa Time|Eastern African Summer Time|Africa/Addis_Ababa Africa/Asmara Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Antananarivo Indian/Comoro Indian/Mayotte
EGT|EGST|East Greenland Standard Time|East Greenland Summer Time|America/Scoresbysund
ALMT|ALMST|East Kazakhstan Time|Alma-Ata Summer Time|Asia/Almaty
QOST|QOSST|East Kazakhstan Time|Kostanay Summer Time|Asia/Qostanay
TLT|TLST|East Timor Time|Timor-Leste Summer Time|Asia/Dili
EAST|EASST|Easter Island Standard Time|Easter Island Summer Time|Chile/EasterIsland Pacific/Easter
EET|EEST|Eastern European Standard Time|Eastern European Summer Time|Africa/Cairo Africa/Tripoli Asia/Amman Asia/Beirut Asia/Damascus Asia/Gaza Asia/Hebron Asia/Nicosia Egypt Europe/Athens Europe/Bucharest Europe/Chisinau Europe/Helsinki Europe/Kaliningrad Europe/Kiev Europe/Kyiv Europe/Mariehamn Europe/Nicosia Europe/Riga Europe/Sofia Europe/Tallinn Europe/Tiraspol Europe/Uzhgorod Europe/Vilnius Europe/Zaporozhye Libya
EET|EEST|Eastern European Time|Eastern European Summer Time|Asia/Famagusta EET
WIT|EIST|Eastern Indonesia Time|East Indonesia Summer Time|Asia/Jayapura
EST|EDT|Eastern Standard Time|Eastern Daylight Time|America/Atikokan America/Cancun America/Cayman America/Coral_Harbour America/Detroit America/Fort_Wayne America/Grand_Turk America/Indiana/Indianapolis America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac America/Indianapolis America/Iqaluit America/Jamaica America/Kentucky/Louisville America/Kentucky/Monticello America/Louisville America/Montreal America/Nassau America/New_York America/Nipigon America/Panama America/Pangnirtung America/Port-au-Prince America/Thunder_Bay America/Toronto Canada/Eastern EST5EDT Jamaica US/East-Indiana US/Eastern US/Michigan
ECT|ECST|Ecuador Time|Ecuador Summer Time|America/Guayaquil
FKT|FKST|Falkland Islands Standard Time|Falkland Islands Summer Time|Atlantic/Stanley
FNT|FNST|Fernando de Noronha Standard Time|Fernando de Noronha Summer Time|America/Noronha Brazil/DeNoronha
FJT|FJST|Fiji Standard Time|Fiji Summer Time|Pacific/Fiji
GFT|GFST|French Guiana Time|French Guiana Summer Time|America/Cayenne
TFT|TFST|French Southern & Antarctic Time|French Southern & Antarctic Lands Summer Time|Indian/Kerguelen
GALT|GALST|Galapagos Time|Galapagos Summer Time|Pacific/Galapagos
GAMT|GAMST|Gambier Time|Gambier Summer Time|Pacific/Gambier
GET|GEST|Georgia Standard Time|Georgia Summer Time|Asia/Tbilisi
GILT|GILST|Gilbert Islands Time|Gilbert Is. Summer Time|Pacific/Tarawa
GMT|BST|Greenwich Mean Time|British Summer Time|Europe/Belfast Europe/Guernsey Europe/Isle_of_Man Europe/Jersey Europe/London GB GB-Eire
GMT|CEST|Greenwich Mean Time|Central European Summer Time|Antarctica/Troll
GMT|GHST|Greenwich Mean Time|Ghana Summer Time|Africa/Accra
GMT|GMT|Greenwich Mean Time|Greenwich Mean Time|Africa/Abidjan Africa/Bamako Africa/Banjul Africa/Bissau Africa/Conakry Africa/Dakar Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou Africa/Sao_Tome Africa/Timbuktu America/Danmarkshavn Atlantic/Reykjavik Atlantic/St_Helena Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich GMT GMT0 Greenwich Iceland
GMT|IST|Greenwich Mean Time|Irish Standard Time|Eire Europe/Dublin
GST|GDT|Gulf Standard Time|Gulf Daylight Time|Asia/Dubai Asia/Muscat
GYT|GYST|Guyana Time|Guyana Summer Time|America/Guyana
HAST|HADT|Hawaii-Aleutian Standard Time|Hawaii-Aleutian Daylight Time|America/Adak America/Atka Pacific/Johnston US/Aleutian
HST|HDT|Hawaii-Aleutian Standard Time|Hawaii-Aleutian Daylight Time|Pacific/Honolulu US/Hawaii
HKT|HKST|Hong Kong Standard Time|Hong Kong Summer Time|Asia/Hong_Kong Hongkong
HOVT|HOVST|Hovd Standard Time|Hovd Summer Time|Asia/Hovd
IST|IDT|India Standard Time|India Daylight Time|Asia/Calcutta Asia/Colombo Asia/Kolkata
IOT|IOST|Indian Ocean Time|Indian Ocean Territory Summer Time|Indian/Chagos
ICT|ICST|Indochina Time|Indochina Summer Time|Asia/Bangkok Asia/Ho_Chi_Minh Asia/Phnom_Penh Asia/Saigon Asia/Vientiane
IRST|IRDT|Iran Standard Time|Iran Daylight Time|Asia/Tehran Iran
IRKT|IRKST|Irkutsk Standard Time|Irkutsk Summer Time|Asia/Irkutsk
IST|IDT|Israel Standard Time|Israel Daylight Time|Asia/Jerusalem Asia/Tel_Aviv Israel
JST|JDT|Japan Standard Time|Japan Daylight Time|Asia/Tokyo Japan
GMT+13:00|GMT+13:00|Kanton Standard Time|Kanton Daylight Time|Pacific/Kanton
KST|KDT|Korean Standard Time|Korean Daylight Time|Asia/Pyongyang Asia/Seoul ROK
KOST|KOSST|Kosrae Time|Kosrae Summer Time|Pacific/Kosrae
KRAT|KRAST|Krasnoyarsk Standard Time|Krasnoyarsk Summer Time|Asia/Krasnoyarsk Asia/Novokuznetsk
KGT|KGST|Kyrgyzstan Time|Kirgizstan Summer Time|Asia/Bishkek
LINT|LINST|Line Islands Time|Line Is. Summer Time|Pacific/Kiritimati
LHST|LHDT|Lord Howe Standard Time|Lord Howe Daylight Time|Australia/LHI Australia/Lord_Howe
MAGT|MAGST|Magadan Standard Time|Magadan Summer Time|Asia/Magadan
MYT|MYST|Malaysia Time|Malaysia Summer Time|Asia/Kuala_Lumpur Asia/Kuching
MVT|MVST|Maldives Time|Maldives Summer Time|Indian/Maldives
MART|MARST|Marquesas Time|Marquesas Summer Time|Pacific/Marquesas
MHT|MHST|Marshall Islands Time|Marshall Islands Summer Time|Kwajalein Pacific/Kwajalein Pacific/Majuro
MUT|MUST|Mauritius Standard Time|Mauritius Summer Time|Indian/Mauritius
MAWT|MAWST|Mawson Time|Mawson Summer Time|Antarctica/Mawson
MST|MDT|Mexican Pacific Standard Time|Mexican Pacific Daylight Time|America/Hermosillo America/Mazatlan Mexico/BajaSur
MET|MEST|Middle Europe Time|Middle Europe Summer Time|MET
MSK|MSD|Moscow Standard Time|Moscow Daylight Time|Europe/Kirov
MSK|MSD|Moscow Standard Time|Moscow Summer Time|Europe/Minsk Europe/Moscow Europe/Simferopol W-SU
MST|MDT|Mountain Standard Time|Mountain Daylight Time|America/Boise America/Cambridge_Bay America/Ciudad_Juarez America/Creston America/Dawson America/Dawson_Creek America/Denver America/Edmonton America/Fort_Nelson America/Inuvik America/Phoenix America/Shiprock America/Whitehorse America/Yellowknife Canada/Mountain Canada/Yukon MST7MDT Navajo US/Arizona US/Mountain
MMT|MMST|Myanmar Time|Myanmar Summer Time|Asia/Rangoon Asia/Yangon
NRT|NRST|Nauru Time|Nauru Summer Time|Pacific/Nauru
NPT|NPST|Nepal Time|Nepal Summer Time|Asia/Kathmandu Asia/Katmandu
NCT|NCST|New Caledonia Standard Time|New Caledonia Summer Time|Pacific/Noumea
NZST|NZDT|New Zealand Standard Time|New Zealand Daylight Time|Antarctica/McMurdo Antarctica/South_Pole NZ Pacific/Auckland
NST|NDT|Newfoundland Standard Time|Newfoundland Daylight Time|America/St_Johns Canada/Newfoundland
NUT|NUST|Niue Time|Niue Summer Time|Pacific/Niue
NFT|NFST|Norfolk Island Standard Time|Norfolk Island Daylight Time|Pacific/Norfolk
PST|PDT|Northwest Mexico Standard Time|Northwest Mexico Daylight Time|America/Santa_Isabel
NOVT|NOVST|Novosibirsk Standard Time|Novosibirsk Summer Time|Asia/Novosibirsk
OMST|OMSST|Omsk Standard Time|Omsk Summer Time|Asia/Omsk
PST|PDT|Pacific Standard Time|Pacific Daylight Time|America/Ensenada America/Los_Angeles America/Tijuana America/Vancouver Canada/Pacific Mexico/BajaNorte PST8PDT US/Pacific
PKT|PKST|Pakistan Standard Time|Pakistan Summer Time|Asia/Karachi
PWT|PWST|Palau Time|Palau Summer Time|Pacific/Palau
PGT|PGST|Papua New Guinea Time|Papua New Guinea Summer Time|Pacific/Port_Moresby
PYT|PYST|Paraguay Standard Time|Paraguay Summer Time|America/Asuncion
PET|PEST|Peru Standard Time|Peru Summer Time|America/Lima
PETT|PETST|Petropavlovsk-Kamchatski Standard Time|Petropavlovsk-Kamchatski Summer Time|Asia/Kamchatka
PST|PDT|Philippine Standard Time|Philippine Summer Time|Asia/Manila
PHOT|PHOST|Phoenix Islands Time|Phoenix Is. Summer Time|Pacific/Enderbury
PST|PDT|Pitcairn Time|Pitcairn Daylight Time|Pacific/Pitcairn
PONT|PONST|Ponape Time|Pohnpei Summer Time|Pacific/Pohnpei Pacific/Ponape
GMT-03:00|GMT-03:00|Punta Arenas Standard Time|Punta Arenas Standard Time|America/Punta_Arenas
ROTT|ROTST|Rothera Time|Rothera Summer Time|Antarctica/Rothera
RET|REST|Réunion Time|Reunion Summer Time|Indian/Reunion
SAKT|SAKST|Sakhalin Standard Time|Sakhalin Summer Time|Asia/Sakhalin
SAMT|SAMST|Samara Standard Time|Samara Summer Time|Europe/Samara
SST|SDT|Samoa Standard Time|Samoa Daylight Time|Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa
GMT+04:00|GMT+04:00|Saratov Standard Time|Saratov Standard Time|Europe/Saratov
SCT|SCST|Seychelles Time|Seychelles Summer Time|Indian/Mahe
SGT|SGST|Singapore Standard Time|Singapore Summer Time|Asia/Singapore Singapore
SBT|SBST|Solomon Islands Time|Solomon Is. Summer Time|Pacific/Guadalcanal
SAST|SAST|South Africa Standard Time|South Africa Summer Time|Africa/Johannesburg Africa/Maseru Africa/Mbabane
GST|GDT|South Georgia Time|South Georgia Daylight Time|Atlantic/South_Georgia
SRET|SREDT|Srednekolymsk Time|Srednekolymsk Daylight Time|Asia/Srednekolymsk
PMST|PMDT|St. Pierre & Miquelon Standard Time|St. Pierre & Miquelon Daylight Time|America/Miquelon
SRT|SRST|Suriname Time|Suriname Summer Time|America/Paramaribo
SYOT|SYOST|Syowa Time|Syowa Summer Time|Antarctica/Syowa
TAHT|TAHST|Tahiti Time|Tahiti Summer Time|Pacific/Tahiti
CST|CDT|Taipei Standard Time|Taipei Daylight Time|Asia/Taipei
TJT|TJST|Tajikistan Time|Tajikistan Summer Time|Asia/Dushanbe
TKT|TKST|Tokelau Time|Tokelau Summer Time|Pacific/Fakaofo
GMT+07:00|GMT+07:00|Tomsk Standard Time|Tomsk Daylight Time|Asia/Tomsk
TOT|TOST|Tonga Standard Time|Tonga Summer Time|Pacific/Tongatapu
TRT|TRST|Turkey Time|Turkey Summer Time|Asia/Istanbul Europe/Istanbul Turkey
TMT|TMST|Turkmenistan Standard Time|Turkmenistan Summer Time|Asia/Ashgabat Asia/Ashkhabad
TVT|TVST|Tuvalu Time|Tuvalu Summer Time|Pacific/Funafuti
CHOT|CHOST|Ulaanbaatar Standard Time|Ulaanbaatar Summer Time|Asia/Choibalsan
ULAT|ULAST|Ulaanbaatar Standard Time|Ulaanbaatar Summer Time|Asia/Ulaanbaatar Asia/Ulan_Bator
GMT+04:00|GMT+04:00|Ulyanovsk Standard Time|Ulyanovsk Standard Time|Europe/Ulyanovsk
UYT|UYST|Uruguay Standard Time|Uruguay Summer Time|America/Montevideo
UZT|UZST|Uzbekistan Standard Time|Uzbekistan Summer Time|Asia/Samarkand Asia/Tashkent
VUT|VUST|Vanuatu Standard Time|Vanuatu Summer Time|Pacific/Efate
VET|VEST|Venezuela Time|Venezuela Summer Time|America/Caracas
VLAT|VLAST|Vladivostok Standard Time|Vladivostok Summer Time|Asia/Ust-Nera Asia/Vladivostok
MSK|MSD|Volgograd Standard Time|Volgograd Summer Time|Europe/Volgograd
VOST|VOSST|Vostok Time|Vostok Summer Time|Antarctica/Vostok
WAKT|WAKST|Wake Island Time|Wake Summer Time|Pacific/Wake
WFT|WFST|Wallis & Futuna Time|Wallis & Futuna Summer Time|Pacific/Wallis
WAT|WAST|West Africa Standard Time|West Africa Summer Time|Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo
WGT|WGST|West Greenland Standard Time|West Greenland Summer Time|America/Godthab America/Nuuk
AQTT|AQTST|West Kazakhstan Time|Aqtau Summer Time|Asia/Aqtau
AQTT|AQTST|West Kazakhstan Time|Aqtobe Summer Time|Asia/Aqtobe
GMT+05:00|GMT+05:00|West Kazakhstan Time|Atyrau Daylight Time|Asia/Atyrau
ORAT|ORAST|West Kazakhstan Time|Oral Summer Time|Asia/Oral
QYZT|QYZST|West Kazakhstan Time|Qyzylorda Summer Time|Asia/Qyzylorda
WET|WEST|Western European Standard Time|Western European Summer Time|Atlantic/Canary Atlantic/Faeroe Atlantic/Faroe Atlantic/Madeira Europe/Lisbon Portugal
WET|WEST|Western European Time|Western European Summer Time|Africa/Casablanca Africa/El_Aaiun WET
WIB|WIST|Western Indonesia Time|West Indonesia Summer Time|Asia/Jakarta Asia/Pontianak
XJT|XJDT|Xinjiang Standard Time|Xinjiang Daylight Time|Asia/Kashgar Asia/Urumqi
YAKT|YAKST|Yakutsk Standard Time|Yakutsk Summer Time|Asia/Chita Asia/Khandyga Asia/Yakutsk
YEKT|YEKST|Yekaterinburg Standard Time|Yekaterinburg Summer Time|Asia/Yekaterinburg
`
