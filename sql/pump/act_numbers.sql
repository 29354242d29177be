-- Which of the acts asked for (by place) bear a number that the insurer has given in that year in another package.
select asked.place
from unnest(cast(:places as integer[]), cast(:years as integer[]), cast(:numbers as text[])) asked (place, year, number)
join pump.act on act.smo = :smo and extract(year from act.date) = asked.year and act.number = asked.number
    and act.package <> :package
