with asked as materialized (
    select row, case when policy = 'unified' then n_pol end as enp, erz.name_key(fam, im, ot) as name_key, dr, w
    from request_arriving
), by_enp as (
    select a.row, p.id, p.name_key = a.name_key and p.dr = a.dr as same
    from asked a join erz.person p on p.enp = a.enp
), by_name as (
    select a.row, min(p.id) as id, count(*) as persons
    from asked a join erz.person p on p.name_key = a.name_key and p.dr = a.dr and p.w = a.w
    where not exists (select from by_enp e where e.row = a.row)
    group by a.row
), matched as (
    select a.row,
           case when e.same then e.id when n.persons = 1 then n.id end as person,
           case when not e.same then 'mismatch' when n.persons > 1 then 'several' else 'unknown' end as doubt
    from asked a left join by_enp e on e.row = a.row left join by_name n on n.row = a.row
)
update request_arriving r
set person = p.id,
    found = case
        when p.id is null then m.doubt
        when p.dead_on <= :today then 'dead'
        when q.person is null then 'expired'
        when q.smo is distinct from :smo then 'elsewhere'
        else 'insured'
    end
from matched m
left join erz.person p on p.id = m.person
left join erz.policy q on q.person = p.id and q.in_effect and daterange(q.valid_from, q.valid_to, '[]') @> cast(:today as date)
where r.row = m.row
