"""What the roles are called, for those who are offered one."""

from collections.abc import Mapping

from shared.contracts.problems import Text
from shared.contracts.registry import RoleName

ROLE_WORDS: Mapping[RoleName, Text] = {
    "officer": Text("handläggare på Migrationsverket", "officer at the Migration Agency"),
    "county_reader": Text("läsare på länsstyrelsen", "reader at the county board"),
    "administrator": Text("nätverkssamordnare", "network administrator"),
    "coordinator": Text("samordnare", "coordinator"),
    "volunteer": Text("volontär", "volunteer"),
    "operator": Text("driftansvarig", "operator"),
}
