insert into exchange.day_totals
select day, channel, kind, result, sum(packages), sum(records), sum(accepted), sum(findings), sum(kopecks)
from exchange.day_packages where day = :day
group by day, channel, kind, result
