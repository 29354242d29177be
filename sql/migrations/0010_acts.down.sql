drop table pump.act_sanction, pump.act_case, pump.act;
