-- Findings of each rule in files of each role: packages, findings, and packages in which a file of the role was checked.
select f.rule, f.member, count(distinct f.package) as packages, count(*) as findings,
       (select count(*) from exchange.member m where m.role = f.member) as checked
from exchange.finding f
where f.member <> ''
group by f.rule, f.member
