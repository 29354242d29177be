drop table exchange.document;
