import asyncio, pytest, time
from tests.property.test_every_rpc import *
from tests.property.test_every_rpc import fuzzed
from oms.intake.v1 import intake_service_pb2 as intake
from oms.inventory.v1 import inventory_service_pb2 as inv
from oms.fulfillment.v1 import fulfillment_service_pb2 as ful
from oms.routing.v1 import routing_service_pb2 as rt
from oms.returns.v1 import returns_service_pb2 as rr
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from google.type.money_pb2 import Money
def m(n): return next(x for x in METHODS if x[1].name==n)
pytestmark=[]
def test_big(fuzzed):
    S=fuzzed; S.send.__self__
    def go(label,name,msg,n=1):
        data=msg.SerializeToString(); t=time.time()
        try:
            S.codes; code=S.send(*m(name),data).name
        except AssertionError as e: code='BUG '+str(e)[:300]
        print('@@',label,name,len(data),code,round(time.time()-t,2),flush=True)
    def order(i,n,title):
        r=intake.SubmitOrderRequest(request_id=f'big{i}')
        d=r.draft; d.channel='shopify-us'; d.external_id=f'big{i}'; d.currency_code='USD'; d.ship_to.country_code='US'; d.ship_to.name='x'; d.ship_to.city='y'; d.ship_to.lines.append('1')
        d.payment.state=3
        for k in range(n):
            l=d.lines.add(sku='s'*90+str(k),title='t'*title,quantity=1000000); l.unit_price.CopyFrom(Money(currency_code='USD',units=1))
        d.total_amount.CopyFrom(Money(currency_code='USD',units=n*1000000))
        return r
    for i,(n,t) in enumerate([(5000,10),(5000,500),(5000,680),(5000,650)]):
        go(f'{n}x{t}','SubmitOrder',order(i,n,min(t,500)))
    for k in ('big0','big1','big2'):
        go('','LookupOrder',intake.LookupOrderRequest(channel='shopify-us',external_id=k))
    go('','ListOrders',intake.ListOrdersRequest(page_size=500))
    sku='字'*33
    def stub():
        async def f():
            s=S.house.channels.connect(__import__('oms.intake.v1.intake_service_pb2_grpc',fromlist=['x']).IntakeServiceStub,S.house.addresses['intake'])
            try: return (await s.LookupOrder(intake.LookupOrderRequest(channel='shopify-us',external_id='big0'))).order
            except Exception as e: print('@@ lookup',repr(e)[:300]); 
        return S.loop.run(f())
    o=stub()
    a=inv.AdjustStockRequest(request_id='ba',reason=1)
    for k in range(5000): a.adjustments.add(sku='字'*90+str(k),node_id='n'*64,on_hand_delta=10**9)
    go('','AdjustStock',a)
    a=inv.SyncStockRequest(request_id='bs',source='x',sequence=5,node_id='n'*64,complete=True)
    for k in range(20000): a.counts.add(sku='s'*90+str(k),on_hand=10**9)
    go('','SyncStock',a)
    a=inv.ReserveStockRequest(request_id='br',owner_id='o'*64,mode=2)
    for k in range(5000): a.lines.add(line_id='字'*60+str(k%9),sku='s'*90+str(k),node_id='n'*64,quantity=1000)
    go('','ReserveStock',a)
    a=inv.ReserveStockRequest(request_id='br2',owner_id='o2'*30,mode=2)
    for k in range(5000): a.lines.add(line_id='字'*60+str(k%9),sku='字'*90+str(k),node_id='m'*64,quantity=1000)
    go('short','ReserveStock',a)
    a=inv.RegisterBackorderRequest(request_id='bb',owner_id='o2'*30)
    for k in range(5000): a.lines.add(line_id='字'*59+str(k),sku='字'*90+str(k),quantity=1000)
    go('','RegisterBackorder',a)
    go('','ListBackorders',inv.ListBackordersRequest(page_size=500))
    go('','ListReservations',inv.ListReservationsRequest(page_size=500))
    go('','AuditStock',inv.AuditStockRequest(page_size=5000))
    go('','ListLedgerEntries',inv.ListLedgerEntriesRequest(page_size=500))
    go('','GetAvailability',inv.GetAvailabilityRequest(skus=['s'*90+str(k) for k in range(5000)],node_ids=['n'*64,'dc-east']))
    a=rt.PlanOrderRequest(request_id='bp',order_id='o'*64); a.destination.country_code='US'
    for k in range(5000): a.lines.add(line_id='l'*59+str(k),sku='SKU-'+str(k%3+1)if k%2 else '字'*90+str(k),quantity=1)
    for k in range(5000): a.exclusions.add(node_id='n'*59+str(k),sku='字'*95)
    go('','PlanOrder',a)
    a=ful.CreateFulfillmentOrderRequest(request_id='bf',fulfillment_order_id='ful_'+'0'*26,order_id='x',node_id='dc-east')
    a.ship_to.country_code='US'
    for k in range(5000): a.lines.add(line_id='字'*59+str(k),sku='字'*95+str(k),quantity=1000)
    go('','CreateFulfillmentOrder',a)
    go('','GetFulfillmentOrder',ful.GetFulfillmentOrderRequest(fulfillment_order_id='ful_'+'0'*26))
    p=ful.PurchaseLabelRequest(request_id='bl'); p.outbound.fulfillment_order_id='ful_'+'0'*26
    go('','PurchaseLabel',p)
    go('','ListShipments',ful.ListShipmentsRequest(page_size=500))
    go('','CancelFulfillmentOrder',ful.CancelFulfillmentOrderRequest(request_id='bc',fulfillment_order_id='ful_'+'0'*26))
    if o is not None:
        a=intake.RecordMovesRequest(request_id='bm',order_id=o.order_id)
        for l in o.lines:
            for x in range(2): a.moves.add(line_id=l.line_id,from_room=1,to_room=3,quantity=1000)
        go('','RecordMoves',a)
        b=intake.RecordMovesRequest(request_id='bm2',order_id=o.order_id)
        for l in o.lines:
            b.moves.add(line_id=l.line_id,from_room=1,to_room=8,quantity=1000)
        go('','RecordMoves',b)
        go('','ListOrderEvents',intake.ListOrderEventsRequest(order_id=o.order_id))
        for f,t in ((3,4),(4,5),(5,6)):
            b=intake.RecordMovesRequest(request_id=f'bm{f}',order_id=o.order_id)
            for l in o.lines: b.moves.add(line_id=l.line_id,from_room=f,to_room=t,quantity=2000)
            go('','RecordMoves',b)
        c=intake.CapturePaymentRequest(request_id='bcap',order_id=o.order_id,shipment_id='shp')
        for l in o.lines: c.lines.add(line_id=l.line_id,quantity=2000)
        go('','CapturePayment',c)
        q=rr.RequestReturnRequest(request_id='brr',order_id=o.order_id)
        for l in o.lines: q.lines.add(line_id=l.line_id,quantity=2000,reason='r'*500)
        go('','RequestReturn',q)
        go('','ListReturns',rr.ListReturnsRequest(page_size=500))
        go('','CancelOrder',intake.CancelOrderRequest(request_id='bco',order_id=o.order_id))
