"""What stands on the broker and who may use it: the plan, and making a broker equal to it."""

from deploy.topology.apply import Outcome as Outcome
from deploy.topology.apply import TopologyConflict as TopologyConflict
from deploy.topology.apply import apply as apply
from deploy.topology.apply import drift as drift
from deploy.topology.management import BrokerRefused as BrokerRefused
from deploy.topology.plan import Topology as Topology
from deploy.topology.plan import dead_queue as dead_queue
from deploy.topology.plan import event_queue as event_queue
from deploy.topology.plan import snapshot_queue as snapshot_queue
from deploy.topology.plan import topology as topology
