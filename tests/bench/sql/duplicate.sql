with given as (
    select true as now, "{level}" as id, "case", stands, {key} from month_{level} where {condition}
    union all
    select false, "{level}", "case", true, {key} from paid_{level} where {condition} and {history}
), met as (
    select {key}, bool_or(not now) as paid, min_by(id, [case when stands then 0 else 1 end, id]) filter (where now) as kept
    from given
    group by {key}
    having count(*) filter (where now) > 1 or (count(*) filter (where now) > 0 and bool_or(not now))
), found as (
    select given.id, given."case", met.paid, given.id <> met.kept and {month} as again
    from given join met on {same}
    where given.now
)
select '{rule}' as rule, '1.10.2' as osn, "case", {visit} as visit from found where again
union all
select '{rule}', '1.10.1', "case", {visit} from found where paid
