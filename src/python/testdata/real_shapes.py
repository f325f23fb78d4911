# SPDX-License-Identifier: GPL-2.0-or-later
# What configuration files do with all this: the shapes that are found in real ones.
import os, re

arch = os.uname()[4]
if re.search('64', arch):
    arch_libdir = 'lib64'
else:
    arch_libdir = 'lib'
assert arch_libdir in ('lib', 'lib64')
device_model = '/usr/' + arch_libdir + '/xen/bin/qemu-dm'
assert device_model.startswith('/usr/lib')

name = 'falstaff'
memory = 1024
disk = ['phy:vg/%s-%s,%s,w' % (name, part, dev)
        for part, dev in [('root', 'xvda1'), ('swap', 'xvda2')]]
assert disk == ['phy:vg/falstaff-root,xvda1,w', 'phy:vg/falstaff-swap,xvda2,w']
for number in range(3, 5):
    disk.append('file:/data/%d.img,xvda%d,w' % (number, number))
assert disk[-1] == 'file:/data/4.img,xvda4,w'
vif = ['mac=00:16:3e:00:00:%02x, bridge=xenbr%d' % (n, n % 2) for n in range(2)]
assert vif == ['mac=00:16:3e:00:00:00, bridge=xenbr0', 'mac=00:16:3e:00:00:01, bridge=xenbr1']
if not os.path.exists('/nonexistent/kernel'):
    bootloader = '/usr/bin/pygrub'
else:
    kernel = '/nonexistent/kernel'
assert bootloader
extra = ' '.join(['console=hvc0', 'xencons=tty'])
assert extra == 'console=hvc0 xencons=tty'


def mac(vmid, index=0):
    return '00:16:3e:%02x:%02x:%02x' % (vmid >> 8, vmid & 0xff, index)


assert mac(258, 1) == '00:16:3e:01:02:01'
vfb = [','.join('%s=%s' % pair for pair in sorted({'type': 'vnc', 'vncunused': 1}.items()))]
assert vfb == ['type=vnc,vncunused=1']
