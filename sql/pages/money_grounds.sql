-- Refusals of closings, summed by stage and by ground: one of the two is not null in a row.
with summed as (
    select stage, osn, sum(positions)::bigint as positions, sum(cases)::bigint as cases, sum(amount)::bigint as amount
    from pump.month_ground where closing = any(cast(:closings as bigint[]))
    group by grouping sets ((stage), (osn))
)
select s.*, t.title from summed s left join pump.ground_title t on t.osn = s.osn
order by s.amount desc, s.osn, s.stage
