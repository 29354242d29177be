-- What the acts of packages withhold, kopecks.
select act.smo, act.code_mo, act.kont, act.number, act.date,
    sum(act_case.sank_it)::bigint as sanction, sum(act_case.penalty)::bigint as fine
from pump.act
join pump.act_case on (act_case.package, act_case.act) = (act.package, act."row")
where act.package = any(cast(:packages as bigint[]))
group by act.package, act."row"
order by act.package, act."row"
