import './theme.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { registerToolkit } from './ui/toolkit'

registerToolkit()
mount(App, { target: document.body })
