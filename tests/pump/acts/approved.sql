-- A closing of October 2026 in which everything that was loaded is paid in full: by the insurer of the package's name.
with closing as (
    insert into pump.closing (
        period, kind, state, act_number, act_date, frozen_at, packages, fresh, editions, earlier, terms_sha256
    )
    select date '2026-10-01', 'month', 'APPROVED', 'МЭК-1', date '2026-11-10', timestamptz '2026-11-10 09:00:00+00',
        array_agg(id), '{}', '{}', '{}', repeat('0', 64)
    from exchange.package where result in ('ACCEPTED', 'PARTIAL') and kind <> 'PUMP_RAK'
    returning id, packages
), presented as (
    select 'H' as kind, package, "row", lpu, idcase, sumv from pump.h_zap
    union all select 'X', package, "row", lpu, idcase, sumv from pump.x_zap
)
insert into pump.decision (closing, package, "row", kind, code_mo, idcase, payer, due, sumv, oplata, sump, sank_it)
select closing.id, presented.package, "row", presented.kind, lpu, idcase, substring(sent.name from 'S(\d{5})_'),
    (sumv * 100)::bigint, (sumv * 100)::bigint, 1, (sumv * 100)::bigint, 0
from presented
join closing on presented.package = any(closing.packages)
join exchange.package sent on sent.id = presented.package
