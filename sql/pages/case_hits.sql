-- Grounds of МЭК on a case, those that were applied first.
select h.stage, h.osn, h.code, h.rule, h.amount, h.applied, h.detail, h.other_package, h.other_ref, t.title
from pump.hit h left join pump.ground_title t on t.osn = h.osn
where h.closing = :closing and h.package = :package and h."row" = :row
order by h.applied = 0, h.stage, h.ordinal
