"""Where countries and British postcode areas are: two tables of approximate points, for distances and nothing else.

Countries: their rough geographic middle, to a tenth of a degree or two. British areas: the town they are named after
(https://en.wikipedia.org/wiki/List_of_postcode_areas_in_the_United_Kingdom), to about five kilometres.
"""

from services.routing.domain.geo import Point

_COUNTRIES = """
US 39.8 -98.6    CA 56.1 -106.3   MX 23.6 -102.5   BR -10.8 -53.1   AR -35.4 -65.2   CL -35.7 -71.5   CO 4.6 -74.3
PE -9.2 -75.0    GB 54.0 -2.5     IE 53.2 -8.0     FR 46.6 2.4      DE 51.2 10.4     NL 52.2 5.5      BE 50.6 4.6
LU 49.8 6.1      CH 46.8 8.2      AT 47.6 14.1     IT 42.8 12.1     ES 40.2 -3.6     PT 39.6 -8.0     DK 56.0 10.0
SE 62.8 16.7     NO 64.5 13.0     FI 64.5 26.3     IS 64.9 -18.6    PL 52.1 19.4     CZ 49.8 15.3     SK 48.7 19.5
HU 47.2 19.4     SI 46.1 14.8     HR 45.1 16.4     RS 44.2 20.8     RO 45.9 25.0     BG 42.8 25.2     GR 39.1 22.9
CY 35.0 33.2     MT 35.9 14.4     EE 58.7 25.5     LV 56.9 24.9     LT 55.3 23.9     UA 49.0 31.4     TR 39.1 35.2
IL 31.4 35.0     AE 23.9 54.3     SA 24.1 44.5     EG 26.5 29.9     ZA -29.0 25.1    NG 9.6 8.1       KE 0.5 37.9
MA 31.9 -6.3     IN 22.9 79.6     PK 29.9 69.3     BD 23.9 90.2     CN 36.6 103.8    HK 22.4 114.1    TW 23.8 121.0
JP 37.6 138.0    KR 36.4 127.8    SG 1.4 103.8     MY 3.8 109.7     TH 15.1 101.0    VN 16.6 106.3    ID -2.2 117.2
PH 11.8 122.9    AU -25.7 134.5   NZ -41.8 171.5   MC 43.7 7.4      GG 49.5 -2.6     JE 49.2 -2.1     IM 54.2 -4.5
PR 18.2 -66.5
"""

_BRITISH_AREAS = """
AB 57.15 -2.10  AL 51.75 -0.34  B 52.48 -1.89   BA 51.38 -2.36  BB 53.75 -2.48  BD 53.80 -1.76  BH 50.72 -1.88
BL 53.58 -2.43  BN 50.83 -0.14  BR 51.41 0.02   BS 51.45 -2.59  BT 54.60 -5.93  CA 54.89 -2.94  CB 52.21 0.12
CF 51.48 -3.18  CH 53.19 -2.89  CM 51.74 0.47   CO 51.89 0.90   CR 51.37 -0.10  CT 51.28 1.08   CV 52.41 -1.51
CW 53.10 -2.44  DA 51.45 0.22   DD 56.46 -2.97  DE 52.92 -1.48  DG 55.07 -3.61  DH 54.78 -1.58  DL 54.53 -1.55
DN 53.52 -1.13  DT 50.71 -2.44  DY 52.51 -2.08  E 51.54 -0.03   EC 51.52 -0.09  EH 55.95 -3.19  EN 51.65 -0.08
EX 50.72 -3.53  FK 56.00 -3.78  FY 53.82 -3.05  G 55.86 -4.25   GL 51.86 -2.24  GU 51.24 -0.57  GY 49.46 -2.54
HA 51.58 -0.34  HD 53.65 -1.78  HG 53.99 -1.54  HP 51.75 -0.47  HR 52.06 -2.72  HS 58.21 -6.39  HU 53.74 -0.33
HX 53.72 -1.86  IG 51.56 0.07   IM 54.15 -4.48  IP 52.06 1.16   IV 57.48 -4.22  JE 49.19 -2.11  KA 55.61 -4.50
KT 51.41 -0.30  KW 58.98 -2.96  KY 56.11 -3.16  L 53.41 -2.98   LA 54.05 -2.80  LD 52.24 -3.38  LE 52.64 -1.13
LL 53.28 -3.83  LN 53.23 -0.54  LS 53.80 -1.55  LU 51.88 -0.42  M 53.48 -2.24   ME 51.39 0.54   MK 52.04 -0.76
ML 55.79 -3.99  N 51.57 -0.11   NE 54.98 -1.61  NG 52.95 -1.15  NN 52.24 -0.90  NP 51.58 -3.00  NR 52.63 1.30
NW 51.54 -0.18  OL 53.54 -2.11  OX 51.75 -1.26  PA 55.85 -4.42  PE 52.57 -0.24  PH 56.40 -3.44  PL 50.38 -4.14
PO 50.80 -1.09  PR 53.76 -2.70  RG 51.45 -0.97  RH 51.24 -0.17  RM 51.58 0.18   S 53.38 -1.47   SA 51.62 -3.94
SE 51.49 -0.06  SG 51.90 -0.20  SK 53.41 -2.16  SL 51.51 -0.59  SM 51.36 -0.19  SN 51.56 -1.78  SO 50.90 -1.40
SP 51.07 -1.79  SR 54.91 -1.38  SS 51.54 0.71   ST 53.00 -2.18  SW 51.47 -0.17  SY 52.71 -2.75  TA 51.02 -3.10
TD 55.62 -2.81  TF 52.68 -2.45  TN 51.13 0.26   TQ 50.46 -3.53  TR 50.26 -5.05  TS 54.57 -1.23  TW 51.45 -0.34
UB 51.54 -0.48  W 51.51 -0.18   WA 53.39 -2.60  WC 51.52 -0.12  WD 51.66 -0.40  WF 53.68 -1.50  WN 53.55 -2.63
WR 52.19 -2.22  WS 52.59 -1.98  WV 52.59 -2.13  YO 53.96 -1.08  ZE 60.15 -1.14
"""


def _table(text: str) -> dict[str, Point]:
    words = text.split()
    rows = zip(words[::3], words[1::3], words[2::3], strict=True)
    return {code: Point(float(north), float(east)) for code, north, east in rows}


COUNTRIES = _table(_COUNTRIES)
BRITISH_AREAS = _table(_BRITISH_AREAS)
