drop index exchange.package_name_part, exchange.event_of_impact, exchange.event_of_month;
drop index pump.document_of_line, pump.decision_idcase, pump.closing_packages;
drop view pump.ground_title;
drop trigger summarise on pump.closing;
drop function pump.summarise_controlled();
drop function pump.summarise(bigint);
drop table pump.month_intake, pump.month_ground, pump.month_kind, pump.month_account;
