create or replace table person as
with written as (
    select true as now, * from month_cases
    union all by name
    select false as now, * from paid_cases
), said as (
    select
        now, "case", known, coalesce("NOVOR", '0') as novor,
        coalesce("ENP", case when "VPOLIS" = '3' then "NPOLIS" end) as policy,
        upper(coalesce(case when coalesce("NOVOR", '0') <> '0' then "FAM_P" else "FAM" end, '')) as fam,
        upper(coalesce(case when coalesce("NOVOR", '0') <> '0' then "IM_P" else "IM" end, '')) as im,
        upper(coalesce(case when coalesce("NOVOR", '0') <> '0' then "OT_P" else "OT" end, '')) as ot,
        case when coalesce("NOVOR", '0') <> '0' then "DR_P" else "DR" end as born
    from written
), by_name as (
    select fam, im, ot, born, min(policy) as policy
    from said
    where policy is not null and born is not null and (fam <> '' or im <> '')
    group by all
    having min(policy) = max(policy)
), lent as (
    select said.* exclude (policy), coalesce(said.policy, by_name.policy) as policy
    from said
    left join by_name on said.policy is null
        and by_name.fam = said.fam and by_name.im = said.im and by_name.ot = said.ot and by_name.born = said.born
), by_policy as (
    select policy, min(known) as known
    from lent
    where policy is not null and known is not null
    group by policy
    having min(known) = max(known)
)
select
    now, "case",
    case
        when coalesce(lent.known, by_policy.known) is not null then hash(coalesce(lent.known, by_policy.known), novor)
        when lent.policy is not null then hash(lent.policy, novor)
        when born is not null and (fam <> '' or im <> '') then hash(fam, im, ot, born, novor)
    end as person
from lent
left join by_policy on lent.known is null and by_policy.policy = lent.policy;

create or replace table month_case as
select m.*, p.person, {first_visit}
from month_cases m
join person p on p.now and p."case" = m."case"
left join month_visits v on v.visit = m.first_visit;

create or replace table paid_case as
select m.*, p.person, {first_visit}
from paid_cases m
join person p on not p.now and p."case" = m."case"
left join paid_visits v on v.visit = m.first_visit;

create or replace table month_visit as
select v.*, c.person, {of_case}
from month_visits v join month_case c on c."case" = v."case";

create or replace table paid_visit as
select v.*, c.person, {of_case}
from paid_visits v join paid_case c on c."case" = v."case";
