"""Every word a mapping may use. Closed on purpose: what is not here is refused with file, line and this list.

    source: quickbooks            the connector; the file lies in mappings/{source}/{stream}.yaml
    stream: Invoice               the source's own name for the kind of record
    into: invoice                 the portal noun it fills (store.tables.ENTITIES)
    key: Id                       path of the external id
    modified: MetaData.LastUpdatedTime
    currency: CurrencyRef.value   path of the currency of all amounts; the firm's currency where it is empty
    order: 20                     streams are read in this order (default 50); owners come first
    only: {Type: [Customer]}      which records are taken: each of these fields must hold one of its values
    except: {Status__c: [Draft]}  which are not: none of these fields may. The others are left out: seen by nobody,
                                  counted for ops. Among values `null` is an empty field, `true` one that is ticked
    owner: {stream: Customer, id: CustomerRef.value}
                                  whose it is: an owner record, of a stream with owner: self or match
    owner: self                   this record is a client (with `known_by`)
    owner: match                  this record is matched to a client (with `match`)
    known_by:                     what a client is known by elsewhere
      quickbooks.Customer: QuickBooks_Id__c    (a stream of a source that is mapped here must be mapped too)
      domain: {from: Website, as: domain}
    match:                        tried in this order; the first that names exactly one client wins
      - parent: ParentRef.value   the client of another record of this stream
      - quickbooks.Customer: Id
      - name: {from: DisplayName, as: name}
    label: DisplayName            how ops see an owner record (default: the column `name`)
    fields:
      number: DocNumber           a path: dots go into objects, a number picks from a list
      status: {from: Status__c, values: {Booked: booked}, otherwise: unknown}
      voided: {from: PrivateNote, contains: Voided, where: {TotalAmt: [0]}}
                                  only where these fields hold one of these values
      name: {from: DisplayName, without: " (deleted)"}    an ending that the source adds by itself; in keys too
      grams:  {from: Weight_Kg__c, times: 1000}
      email:  {from: PrimaryEmailAddr.Address, as: email}
      project_id: {from: Project__c, refers_to: Project__c}
      lines:                      a list of blocks
        from: Line
        where: {DetailType: [SalesItemLineDetail]}
        each:
          description: Description
          amount_minor: {from: Amount, as: money, minus: {DetailType: [DiscountLineDetail]}}
                                  below zero where these fields of the block hold one of these values

A column's type (store.tables) decides how a value is read, and which of these words it may say; no type is ever named
here except `as: email` of a text and `as: money` of a list's part, which one that is called `..._minor` must say.
"""

from __future__ import annotations

TOP = frozenset(
    {
        "source",
        "stream",
        "into",
        "key",
        "modified",
        "currency",
        "order",
        "only",
        "except",
        "owner",
        "known_by",
        "match",
        "label",
        "fields",
    }
)
REQUIRED = ("source", "stream", "into", "key", "modified", "owner", "fields")
OWNER = ("stream", "id")
OWNER_WORDS = frozenset({"self", "match"})
KEY = frozenset({"as", "without"})
FIELD = {
    "text": frozenset({"values", "otherwise", "as", "without"}),
    "whole": frozenset({"times"}),
    "flag": frozenset({"contains", "where"}),
    "reference": frozenset({"refers_to"}),
    "items": frozenset({"each", "where"}),
}
"""What a column of each kind may say beside `from`; other kinds say no more than that. `PART` is the same of a list's
parts, `KEY` of a key."""
FIELD_AS = frozenset({"email"})
PART = frozenset({"as", "refers_to", "minus"})
PART_AS = frozenset({"money"})

PARENT = "parent"
"""The match rule that follows another record of the same stream."""
