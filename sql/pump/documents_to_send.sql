select recipient, name, title, sha256, size from pump.document
where closing = :closing and recipient is not null order by ordinal
