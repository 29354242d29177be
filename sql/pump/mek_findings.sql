select package, member, rule, severity, "table", "row", element, value, message
from pump.mek_finding where closing = {closing} order by package, ordinal
