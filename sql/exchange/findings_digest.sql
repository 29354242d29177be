-- Digest of a package's findings, for the event that closes it.
select encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', ordinal::text, member, rule, severity, element, base,
    coalesce(n_zap, ''), coalesce(idcase, ''), coalesce(sl_id, ''), coalesce(idserv, ''), coalesce(id_pac, ''),
    coalesce(value, ''), message, coalesce(byte_offset::text, '')), E'\n' order by ordinal), ''), 'UTF8')), 'hex') as digest
from exchange.finding where package = :package
