drop table pump.c_zglv cascade;
drop table pump.c_schet cascade;
drop table pump.c_zap cascade;
drop table pump.c_vnov_m cascade;
drop table pump.c_os_sluch cascade;
drop table pump.c_sl cascade;
drop table pump.c_ds2 cascade;
drop table pump.c_ds3 cascade;
drop table pump.c_code_mes1 cascade;
drop table pump.c_napr cascade;
drop table pump.c_cons cascade;
drop table pump.c_b_diag cascade;
drop table pump.c_b_prot cascade;
drop table pump.c_onk_usl cascade;
drop table pump.c_lek_pr cascade;
drop table pump.c_inj cascade;
drop table pump.c_date_inj cascade;
drop table pump.c_crit cascade;
drop table pump.c_sl_koef cascade;
drop table pump.c_usl cascade;
drop table pump.c_sank cascade;
drop table pump.c_sl_id cascade;
drop table pump.c_code_exp cascade;
drop table pump.t_zglv cascade;
drop table pump.t_schet cascade;
drop table pump.t_zap cascade;
drop table pump.t_vnov_m cascade;
drop table pump.t_os_sluch cascade;
drop table pump.t_sl cascade;
drop table pump.t_ds2 cascade;
drop table pump.t_ds3 cascade;
drop table pump.t_code_mes1 cascade;
drop table pump.t_napr cascade;
drop table pump.t_cons cascade;
drop table pump.t_b_diag cascade;
drop table pump.t_b_prot cascade;
drop table pump.t_onk_usl cascade;
drop table pump.t_lek_pr cascade;
drop table pump.t_inj cascade;
drop table pump.t_date_inj cascade;
drop table pump.t_usl cascade;
drop table pump.t_sank cascade;
drop table pump.t_sl_id cascade;
drop table pump.t_code_exp cascade;
drop table pump.x_zglv cascade;
drop table pump.x_schet cascade;
drop table pump.x_zap cascade;
drop table pump.x_os_sluch cascade;
drop table pump.x_sl cascade;
drop table pump.x_ds2_n cascade;
drop table pump.x_naz cascade;
drop table pump.x_usl cascade;
drop table pump.x_mr_usl_n cascade;
drop table pump.x_sank cascade;
drop table pump.x_sl_id cascade;
drop table pump.x_code_exp cascade;

create or replace function pump.open_month(month date) returns void language plpgsql as $$
declare parent record; part text;
begin
    if to_regclass('pump.h_zap_' || to_char(month, 'YYYYMM')) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('pump.open_month'));
    for parent in
        select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pump' and c.relkind = 'p'
    loop
        part := parent.name || '_' || to_char(month, 'YYYYMM');
        if to_regclass('pump.' || part) is null then
            execute format('create table pump.%I (like pump.%I including defaults)', part, parent.name);
            execute format('alter table pump.%I attach partition pump.%I for values in (%L)', parent.name, part, month);
        end if;
    end loop;
end $$;
