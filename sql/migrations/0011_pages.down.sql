drop policy own on exchange.organisation;
drop policy whole on exchange.organisation;
drop policy own on exchange.trusted_address;
drop policy whole on exchange.trusted_address;
alter table exchange.organisation disable row level security;
alter table exchange.trusted_address disable row level security;
revoke select on exchange.organisation, exchange.trusted_address from oms_organisation;
drop trigger reopen_day on exchange.package;
drop function exchange.reopen_day();
drop table exchange.day_totals, exchange.day_rules, exchange.day_findings, exchange.day_packages, exchange.day_closed;
alter table exchange.package drop column run;
drop index pump.h_zap_idcase, pump.c_zap_idcase, pump.t_zap_idcase, pump.x_zap_idcase;
drop index exchange.package_of_sender, exchange.package_of_result, exchange.package_of_kind, exchange.package_of_period,
    exchange.package_name, exchange.package_number_begins, exchange.package_sha256, exchange.member_name,
    exchange.member_sha256, exchange.outgoing_file, exchange.outgoing_sha256, exchange.document_sha256,
    exchange.event_of_person;
drop index exchange.package_received;
create index package_received on exchange.package (received_at);
