create or replace table lost_{number} as
with recursive stay as (
    select false as paid, "case" as id, person, "DATE_Z_1" as first, "DATE_Z_2" as last, stands
    from month_case
    where person is not null and "DATE_Z_1" <= "DATE_Z_2" and {stay} and {month_unless}
    union all
    select true, "case", person, "DATE_Z_1", "DATE_Z_2", true
    from paid_case
    where person is not null and "DATE_Z_1" <= "DATE_Z_2" and {stay} and {paid_unless}
), disputed as (
    select distinct a.person
    from stay a join stay b on a.person = b.person and a.first < b.last and b.first < a.last
        and not b.paid and (a.paid or a.id < b.id)
), numbered as (
    select stay.*, row_number() over (partition by person order by id) as n
    from stay semi join disputed using (person)
    where not paid
), walk as (
    select person, 0::bigint as n, list({{'first': first, 'last': last}}) filter (where paid) as kept, null::bigint as lost
    from stay semi join disputed using (person)
    group by person
    union all
    select
        walk.person, numbered.n,
        case
            when len(list_filter(coalesce(kept, []), lambda one: one.first < numbered.last and numbered.first < one.last)) > 0
                or not stands then kept
            else list_append(coalesce(kept, []), {{'first': numbered.first, 'last': numbered.last}})
        end,
        case
            when len(list_filter(coalesce(kept, []), lambda one: one.first < numbered.last and numbered.first < one.last)) > 0
            then id
        end
    from walk join numbered on numbered.person = walk.person and numbered.n = walk.n + 1
)
select '{rule}' as rule, lost as "case" from walk where lost is not null
