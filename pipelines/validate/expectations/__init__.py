"""Our own expectations for suites. Importing this package registers them, so that a suite may name them.

They are Great Expectations classes like any other: native JSON, severity, `mostly`, row conditions, Data Docs, on
pandas, PostgreSQL and Spark. In the gate, row rules run on pandas chunks and rules about sets by SQL on the work table.
"""

from pipelines.validate.expectations.chains import ChainsEnd, ExpectChainsToEnd
from pipelines.validate.expectations.covering import ExpectFeedRowsToOccur, FeedCovered
from pipelines.validate.expectations.days import (
    DatesInOrder,
    DatesNearDelivery,
    ExpectDatesToBeInOrder,
    ExpectDatesToBeNearDelivery,
)
from pipelines.validate.expectations.feeds import ColumnValuesInFeed, ExpectColumnValuesToBeInFeed
from pipelines.validate.expectations.groups import (
    BALANCE,
    ExpectGroupsToBalance,
    ExpectGroupTotalToMatch,
    GroupsBalance,
    GroupTotalsMatch,
)
from pipelines.validate.expectations.habits import (
    AmountsNotRound,
    DatesOnWeekdays,
    DaysBetween,
    ExpectAmountsNotToBeRound,
    ExpectDatesToBeOnWeekdays,
    ExpectDaysBetweenToBeAtMost,
)
from pipelines.validate.expectations.history import (
    PREVIOUS_AMOUNTS,
    PREVIOUS_ROWS,
    TOTALS,
    ColumnTotals,
    ComparedWith,
    ExpectAmountToBeSimilar,
    ExpectRowCountToBeSimilar,
)
from pipelines.validate.expectations.identities import (
    EXACT,
    ColumnProductMatches,
    ColumnsAddUp,
    ExpectColumnProductToMatch,
    ExpectColumnsToAddUp,
)
from pipelines.validate.expectations.kinds import ExpectKindsToAddUp, KindsAddUp
from pipelines.validate.expectations.likeness import (
    ExpectNoNearDuplicates,
    ExpectPairsToBeUsual,
    NoNearDuplicates,
    PairsUsual,
)
from pipelines.validate.expectations.matches import (
    ExpectRowsToMatchFeed,
    ExpectTotalsToMatchFeed,
    RowsMatchFeed,
    TotalsMatchFeed,
)
from pipelines.validate.expectations.minimum import BelowMinimum, ExpectValuesToReachMinimum
from pipelines.validate.expectations.postal_codes import ExpectPostalCodesToFitRegion, PostalCodesFit
from pipelines.validate.expectations.rates import ExpectValuesToBeListed, ValuesNotListed
from pipelines.validate.expectations.ratios import ColumnRatioBetween, ExpectColumnRatioToBeBetween
from pipelines.validate.expectations.registered import ExpectNumbersToHaveCheckDigits, NumbersChecked
from pipelines.validate.expectations.repeats import ExpectRowsNotToRepeat, RowsRepeated
from pipelines.validate.expectations.sequences import ExpectSequencesToBeUnbroken, SequencesUnbroken
from pipelines.validate.expectations.starts import ExpectValuesToStartWith, ValuesStart
from pipelines.validate.expectations.steps import (
    ExpectStagesToBeInOrder,
    ExpectStepsToFollow,
    StagesInOrder,
    StepsFollow,
)
from pipelines.validate.expectations.stock import (
    ExpectPositionsToRollForward,
    ExpectValuesToBeNearFeed,
    PositionsRollForward,
    ValuesNearFeed,
)
from pipelines.validate.expectations.successions import (
    BalancesCarried,
    ChangesLarge,
    ExpectBalancesToCarryForward,
    ExpectChangesToBeSmall,
    ExpectRangesNotToOverlap,
    RangesOverlap,
)
from pipelines.validate.expectations.sums import ExpectGroupSumsToBeAtMost, GroupSumsAtMost
from pipelines.validate.expectations.tariffs import AmountsFollowTariff, ExpectAmountsToFollowTariff
from pipelines.validate.expectations.together import (
    ExpectGroupsToAgree,
    ExpectGroupsToRollForward,
    ExpectLoadedValuesToStay,
    GroupsAgree,
    GroupsRollForward,
)
from pipelines.validate.expectations.units import ExpectUnitsToBeKnown, UnitsKnown
from pipelines.validate.expectations.weights import ExpectGroupSumsToFitProducts, SumsFitProducts
from pipelines.validate.expectations.words import WORDS, ColumnWords, ExpectWordNotToOccur, WordsAbsent

__all__ = [
    "BALANCE",
    "EXACT",
    "PREVIOUS_AMOUNTS",
    "PREVIOUS_ROWS",
    "TOTALS",
    "WORDS",
    "AmountsFollowTariff",
    "AmountsNotRound",
    "BalancesCarried",
    "BelowMinimum",
    "ChainsEnd",
    "ChangesLarge",
    "ColumnProductMatches",
    "ColumnRatioBetween",
    "ColumnTotals",
    "ColumnValuesInFeed",
    "ColumnWords",
    "ColumnsAddUp",
    "ComparedWith",
    "DatesInOrder",
    "DatesNearDelivery",
    "DatesOnWeekdays",
    "DaysBetween",
    "ExpectAmountToBeSimilar",
    "ExpectAmountsNotToBeRound",
    "ExpectAmountsToFollowTariff",
    "ExpectBalancesToCarryForward",
    "ExpectChainsToEnd",
    "ExpectChangesToBeSmall",
    "ExpectColumnProductToMatch",
    "ExpectColumnRatioToBeBetween",
    "ExpectColumnValuesToBeInFeed",
    "ExpectColumnsToAddUp",
    "ExpectDatesToBeInOrder",
    "ExpectDatesToBeNearDelivery",
    "ExpectDatesToBeOnWeekdays",
    "ExpectDaysBetweenToBeAtMost",
    "ExpectFeedRowsToOccur",
    "ExpectGroupSumsToBeAtMost",
    "ExpectGroupSumsToFitProducts",
    "ExpectGroupTotalToMatch",
    "ExpectGroupsToAgree",
    "ExpectGroupsToBalance",
    "ExpectGroupsToRollForward",
    "ExpectKindsToAddUp",
    "ExpectLoadedValuesToStay",
    "ExpectNoNearDuplicates",
    "ExpectNumbersToHaveCheckDigits",
    "ExpectPairsToBeUsual",
    "ExpectPositionsToRollForward",
    "ExpectPostalCodesToFitRegion",
    "ExpectRangesNotToOverlap",
    "ExpectRowCountToBeSimilar",
    "ExpectRowsNotToRepeat",
    "ExpectRowsToMatchFeed",
    "ExpectSequencesToBeUnbroken",
    "ExpectStagesToBeInOrder",
    "ExpectStepsToFollow",
    "ExpectTotalsToMatchFeed",
    "ExpectUnitsToBeKnown",
    "ExpectValuesToBeListed",
    "ExpectValuesToBeNearFeed",
    "ExpectValuesToReachMinimum",
    "ExpectValuesToStartWith",
    "ExpectWordNotToOccur",
    "FeedCovered",
    "GroupSumsAtMost",
    "GroupTotalsMatch",
    "GroupsAgree",
    "GroupsBalance",
    "GroupsRollForward",
    "KindsAddUp",
    "NoNearDuplicates",
    "NumbersChecked",
    "PairsUsual",
    "PositionsRollForward",
    "PostalCodesFit",
    "RangesOverlap",
    "RowsMatchFeed",
    "RowsRepeated",
    "SequencesUnbroken",
    "StagesInOrder",
    "StepsFollow",
    "SumsFitProducts",
    "TotalsMatchFeed",
    "UnitsKnown",
    "ValuesNearFeed",
    "ValuesNotListed",
    "ValuesStart",
    "WordsAbsent",
]  # fmt: skip
