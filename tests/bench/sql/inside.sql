with stay as (
    select false as paid, "case", person, "CODE_MO" as mo, "DATE_Z_1" as first, "DATE_Z_2" as last,
        stands and "case" not in (select "case" from lost) as firm
    from month_case
    where person is not null and "DATE_Z_1" <= "DATE_Z_2" and {stay}
    union all
    select true, "case", person, "CODE_MO", "DATE_Z_1", "DATE_Z_2", true
    from paid_case
    where person is not null and "DATE_Z_1" <= "DATE_Z_2" and {stay}
), inner_now as (
    select "case", {visit} as visit, person, "CODE_MO" as mo, {first} as first, {last} as last, {elsewhere} as elsewhere
    from month_{level}
    where person is not null and {first} <= {last} and {within} and {month_unless}
), inner_paid as (
    select person, "CODE_MO" as mo, {first} as first, {last} as last, {elsewhere} as elsewhere
    from paid_{level}
    where person is not null and {first} <= {last} and {within} and {paid_unless}
)
select distinct '{rule}' as rule, one."case", one.visit
from inner_now one join stay on stay.person = one.person and stay.firm and {meets} and (not one.elsewhere or one.mo = stay.mo)
union
select distinct '{rule}', stay."case", -1
from inner_paid one join stay on stay.person = one.person and not stay.paid and {meets} and (not one.elsewhere or one.mo = stay.mo)
