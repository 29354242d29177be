with given as (
    select true as now, "case" as id, stands, person, year("DATE_Z_2") as year
    from month_case
    where person is not null and "DATE_Z_2" is not null and "DISP" in ({kinds})
    union all
    select false, "case", true, person, year("DATE_Z_2")
    from paid_case
    where person is not null and "DATE_Z_2" is not null and "DISP" in ({kinds})
), met as (
    select person, year, bool_or(not now) as paid, min_by(id, [case when stands then 0 else 1 end, id]) filter (where now) as kept
    from given
    group by all
    having count(*) filter (where now) > 1 or (count(*) filter (where now) > 0 and bool_or(not now))
)
select 'MEK.H.9' as rule, '1.10.2' as osn, id as "case", -1 as visit
from given join met using (person, year)
where given.now and id <> kept
union all
select 'MEK.H.9', '1.10.1', id, -1
from given join met using (person, year)
where given.now and met.paid
