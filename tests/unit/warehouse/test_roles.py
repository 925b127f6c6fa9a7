def test_x(warehouse, admin):
    import sqlalchemy as sa
    with warehouse.transaction() as c:
        print(c.scalar(sa.text("select current_user")), c.execute(sa.text("select table_schema,table_name from information_schema.tables where table_schema in ('ops','core','quarantine')")).all())
