"""Countries as channels write them: ISO 3166-1 alpha-2, alpha-3, and a few names."""

# ISO 3166-1: alpha-2 and alpha-3 of every country, as published.
_ISO = """
AD AND AE ARE AF AFG AG ATG AI AIA AL ALB AM ARM AO AGO AQ ATA AR ARG AS ASM AT AUT AU AUS AW ABW AX ALA AZ AZE BA BIH
BB BRB BD BGD BE BEL BF BFA BG BGR BH BHR BI BDI BJ BEN BL BLM BM BMU BN BRN BO BOL BQ BES BR BRA BS BHS BT BTN BV BVT
BW BWA BY BLR BZ BLZ CA CAN CC CCK CD COD CF CAF CG COG CH CHE CI CIV CK COK CL CHL CM CMR CN CHN CO COL CR CRI CU CUB
CV CPV CW CUW CX CXR CY CYP CZ CZE DE DEU DJ DJI DK DNK DM DMA DO DOM DZ DZA EC ECU EE EST EG EGY EH ESH ER ERI ES ESP
ET ETH FI FIN FJ FJI FK FLK FM FSM FO FRO FR FRA GA GAB GB GBR GD GRD GE GEO GF GUF GG GGY GH GHA GI GIB GL GRL GM GMB
GN GIN GP GLP GQ GNQ GR GRC GS SGS GT GTM GU GUM GW GNB GY GUY HK HKG HM HMD HN HND HR HRV HT HTI HU HUN ID IDN IE IRL
IL ISR IM IMN IN IND IO IOT IQ IRQ IR IRN IS ISL IT ITA JE JEY JM JAM JO JOR JP JPN KE KEN KG KGZ KH KHM KI KIR KM COM
KN KNA KP PRK KR KOR KW KWT KY CYM KZ KAZ LA LAO LB LBN LC LCA LI LIE LK LKA LR LBR LS LSO LT LTU LU LUX LV LVA LY LBY
MA MAR MC MCO MD MDA ME MNE MF MAF MG MDG MH MHL MK MKD ML MLI MM MMR MN MNG MO MAC MP MNP MQ MTQ MR MRT MS MSR MT MLT
MU MUS MV MDV MW MWI MX MEX MY MYS MZ MOZ NA NAM NC NCL NE NER NF NFK NG NGA NI NIC NL NLD NO NOR NP NPL NR NRU NU NIU
NZ NZL OM OMN PA PAN PE PER PF PYF PG PNG PH PHL PK PAK PL POL PM SPM PN PCN PR PRI PS PSE PT PRT PW PLW PY PRY QA QAT
RE REU RO ROU RS SRB RU RUS RW RWA SA SAU SB SLB SC SYC SD SDN SE SWE SG SGP SH SHN SI SVN SJ SJM SK SVK SL SLE SM SMR
SN SEN SO SOM SR SUR SS SSD ST STP SV SLV SX SXM SY SYR SZ SWZ TC TCA TD TCD TF ATF TG TGO TH THA TJ TJK TK TKL TL TLS
TM TKM TN TUN TO TON TR TUR TT TTO TV TUV TW TWN TZ TZA UA UKR UG UGA UM UMI US USA UY URY UZ UZB VA VAT VC VCT VE VEN
VG VGB VI VIR VN VNM VU VUT WF WLF WS WSM YE YEM YT MYT ZA ZAF ZM ZMB ZW ZWE
"""

_CODES = _ISO.split()
_ALPHA3 = dict(zip(_CODES[1::2], _CODES[::2], strict=True))
_ALPHA2 = frozenset(_CODES[::2])

# What shops write instead: codes of their own, Kosovo's user-assigned code, and names where the code is left out.
_ALIASES = {
    "UK": "GB",
    "EL": "GR",
    "XK": "XK",
    "UNITED STATES": "US",
    "UNITED STATES OF AMERICA": "US",
    "CANADA": "CA",
    "MEXICO": "MX",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "IRELAND": "IE",
    "GERMANY": "DE",
    "DEUTSCHLAND": "DE",
    "AUSTRIA": "AT",
    "FRANCE": "FR",
    "SPAIN": "ES",
    "ITALY": "IT",
    "NETHERLANDS": "NL",
    "BELGIUM": "BE",
    "SWEDEN": "SE",
    "POLAND": "PL",
    "AUSTRALIA": "AU",
}

_POSTAL = """
US CA MX GB DE AT CH FR ES IT NL BE LU DK SE NO FI IS PL CZ SK SI HR HU RO BG GR PT EE LV LT MT CY LI MC AU NZ JP KR CN
IN BR AR SG TR UA IL ZA PR
"""
_STATES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP UM AA AE AP
"""
# PQ and NF are the old codes of Quebec and Newfoundland, still met in EDI.
_PROVINCES = "AB BC MB NB NL NS NT NU ON PE QC SK YT PQ NF"

# Where a parcel does not arrive without a postal code.
WITH_POSTAL_CODE = frozenset(_POSTAL.split())
US_STATES = frozenset(_STATES.split())
CANADIAN_PROVINCES = frozenset(_PROVINCES.split())


def country_code(text: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of what a channel calls a country, empty where nobody can tell."""
    name = text.strip().upper()
    if name in _ALPHA2:
        return name
    return _ALPHA3.get(name) or _ALIASES.get(name, "")


def country_of_state(state: str) -> str:
    """Return the country that a bare North American state or province code belongs to, empty for any other."""
    code = state.strip().upper()
    if code in US_STATES:
        return "US"
    return "CA" if code in CANADIAN_PROVINCES else ""
