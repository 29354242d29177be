-- «По этапам обработки»: of each stage what it refused; a case counts at the stage of its first refusal.
with refused as (
    select h.package, h."row", h.stage, sum(h.applied)::bigint as amount
    from pump.hit h where h.closing = :id and h.applied > 0 group by 1, 2, 3
), first as (
    select package, "row", min(stage) as stage from refused group by 1, 2
)
select r.stage, sum(r.amount)::bigint as amount,
       count(*) filter (where f.stage = r.stage and d.oplata = 2) as cases
from refused r
join first f using (package, "row")
join pump.decision d on d.closing = :id and d.package = r.package and d."row" = r."row"
group by r.stage order by r.stage
