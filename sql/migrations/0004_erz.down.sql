drop schema erz cascade;
