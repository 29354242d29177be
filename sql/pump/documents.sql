select ordinal, kind, recipient, payer, code_mo, name, title, sha256, size
from pump.document where closing = :closing order by ordinal
