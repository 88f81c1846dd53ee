//! An ordinary configuration, setting by setting.

use vipd::config::model::{Authentication, Preempt, Transport};
use vipd::types::{Family, Priority, Version};

use super::reading::read;

#[test]
fn an_ordinary_configuration_is_understood_in_full() {
    let (model, found) = read(
        r#"
        ! the pair in front of the control plane
        global_defs {
            router_id lb1
            vrrp_garp_master_refresh 30
        }
        vrrp_instance VI_API {
            state BACKUP
            interface br0          # the management bridge
            virtual_router_id 42
            priority 120
            advert_int 2
            nopreempt
            authentication {
                auth_type PASS
                auth_pass "k 33p"
            }
            unicast_src_ip 192.0.2.11
            unicast_peer {
                192.0.2.12
                192.0.2.13
            }
            virtual_ipaddress {
                192.0.2.100/24 dev br0 label br0:api
                192.0.2.101/24
            }
            virtual_ipaddress_excluded {
                2001:db8::100/64
            }
            track_interface { eth7 weight -20 }
        }
        "#,
    );
    assert_eq!(found, [""; 0]);
    let model = model.unwrap();
    assert_eq!(model.node.router_id.as_deref(), Some("lb1"));
    let [instance] = model.instances.as_slice() else {
        panic!("one instance");
    };
    assert_eq!(instance.name, "VI_API");
    assert_eq!((instance.family, instance.version), (Family::V4, Version::V2));
    assert_eq!(instance.priority, Priority::new(120));
    assert_eq!(instance.interval.secs(), 2);
    assert_eq!(instance.preempt, Preempt::No);
    assert_eq!(instance.authentication, Authentication::Pass(*b"k 33p\0\0\0"));
    let Transport::Unicast { peers, .. } = &instance.transport else {
        panic!("unicast");
    };
    assert_eq!(peers.len(), 2);
    assert_eq!(instance.addresses.len(), 2);
    assert_eq!(instance.addresses[0].label.unwrap().as_str(), "br0:api");
    assert_eq!(instance.addresses[1].link.as_str(), "br0");
    assert_eq!(instance.excluded[0].prefix, 64);
    assert_eq!(instance.tracked_interfaces[0].weight.get(), -20);
    assert_eq!(instance.announce.refresh.as_secs(), 30);
}
