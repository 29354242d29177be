drop policy own on exchange.outgoing;
create policy own on exchange.outgoing for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
drop index exchange.outgoing_unasked;
delete from exchange.outgoing where package is null;
alter table exchange.outgoing drop column recipient;
drop table pump.document, pump.line, pump.volume, pump.sanction, pump.hit, pump.price, pump.decision, pump.due,
    pump.mek_finding, pump.identified, pump.closing;
