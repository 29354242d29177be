-- Cases of an account in a closing by their place in the register, after one (keyset), with the grounds that were applied.
select d."row", d.idcase, d.usl_ok, d.payer, d.sumv, d.sump, d.sank_it, d.oplata, h.grounds, h.details
from pump.decision d
left join lateral (
    select array_agg(distinct h.osn order by h.osn) as grounds, array_agg(distinct h.detail) as details from pump.hit h
    where h.closing = d.closing and h.package = d.package and h."row" = d."row" and h.applied > 0
) h on true
where d.closing = :id and d.package = :package and d."row" > :after
  and (cast(:payer as text) is null or coalesce(d.payer, '') = :payer)
  and (:every or d.oplata <> 1)
order by d."row" limit :limit
