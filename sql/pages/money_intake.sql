-- What format control refused of the registers of closings.
select coalesce(sum(cases), 0)::bigint as cases, coalesce(sum(amount), 0)::bigint as amount
from pump.month_intake where closing = any(cast(:closings as bigint[]))
