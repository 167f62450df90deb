"""Column tests of a weighted table as published by another engine.

Source: Crunch.io cr.cube, integration test `test_cat_x_cat_wgtd_pairwise_t_tests` (cube CAT_X_CAT_WEIGHTED_TTESTS): who
is blamed for a shutdown, by four age groups, weighted; t of each column against the first, and p. Its engine tests
weighted proportions on unweighted bases, which is the profile `crunch`.
"""

import numpy as np

from services.analytics.domain.inference.arrays import ratio
from services.analytics.domain.inference.proportions import Columns, compare_columns
from services.analytics.domain.profiles import PROFILES

COUNTS = np.array([[10, 17, 110, 13], [19, 11, 113, 11], [11, 17, 14, 14], [3, 0, 3, 0], [18, 13, 11, 3]])
WEIGHTED = np.array(
    [
        [60.86625141813965, 97.88936399229519, 100.15929984533358, 53.85016845098138],
        [79.36184123878606, 91.08041828026134, 113.52172513707207, 51.24133618727803],
        [51.6860301097489, 57.19341887477966, 94.46614309659532, 34.21679409150737],
        [7.1814887299023, 0.648732097517952, 2.160525278672988, 0],
        [48.05709086803253, 23.04698949579007, 21.86062399732678, 3.2671706433211516],
    ]
)
T_AGAINST_FIRST = [
    [1.3892930788974391, 0.8869425734660505, 1.402945620973322],
    [0.1903540333363253, 0.30894158244285624, 0.3994739596013725],
    [0.03761142927757482, 1.2682277741610029, 0.36476016345069556],
    [-1.187392798652706, -1.0206496663686406, -1.35111583891054],
    [-1.742783579889951, -2.425391682127969, -3.0738474093706927],
]
P_AGAINST_FIRST = [
    [0.1673820620286901, 0.37579738470724267, 0.16373028998420036],
    [0.8493616019040273, 0.7575734897713429, 0.6903959137827367],
    [0.9700615941125716, 0.20566822638024163, 0.7160606992310101],
    [0.23747780923355655, 0.30821629616167123, 0.17970733830083074],
    [0.0839987707197456, 0.015862691173528676, 0.002723927327002773],
]


def test_the_crunch_profile_reproduces_the_published_t_and_p() -> None:
    base_w = WEIGHTED.sum(axis=0)
    columns = Columns(ratio(WEIGHTED, base_w), COUNTS.sum(axis=0), base_w, base_w)
    tests = compare_columns(columns, PROFILES["crunch"], correction="none")
    against_first = [i for i, pair in enumerate(tests.pairs) if pair[0] == 0]
    np.testing.assert_allclose(-tests.t[against_first].T, T_AGAINST_FIRST, rtol=1e-12)
    np.testing.assert_allclose(tests.p[against_first].T, P_AGAINST_FIRST, rtol=1e-9)
