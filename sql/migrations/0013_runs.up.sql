-- Task that received the package, as "run" is the one that took it last; both are looked up from the scheduler's pages.
alter table exchange.package add column reception jsonb;
create index package_run on exchange.package using hash (run);
create index package_reception on exchange.package using hash (reception);
