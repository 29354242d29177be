select ordinal, member, rule, severity, element, n_zap, idcase, sl_id, idserv, value, message, byte_offset
from exchange.finding
where package = :id and ordinal > :after and rule = :rule and member = :member
order by ordinal limit :limit
