-- Which of the sanctions asked for (by place) bear an identifier that the insurer has given in another package.
select asked.place
from unnest(cast(:places as integer[]), cast(:codes as text[])) asked (place, s_code)
join pump.act_sanction sanction on sanction.smo = :smo and sanction.s_code = asked.s_code
    and sanction.package <> :package
