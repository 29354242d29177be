drop index exchange.package_reception;
drop index exchange.package_run;
alter table exchange.package drop column reception;
