drop schema checks cascade;
alter table nsi.edition drop column issued, drop column version;
